"""What an environment and a fingerprint say of torch's math libraries, by its description."""

import hashlib

import pytest
import torch

from actwise.store.records import environment, fingerprint

MKL = """PyTorch built with:
  - GCC 13.3
  - Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build 20240605
  - Intel(R) MKL-DNN v3.7.1 (Git Hash 8d263e69)
  - OpenMP 201511 (a.k.a. OpenMP 4.5)
  - Build settings: BLAS_INFO=mkl, BUILD_TYPE=Release, USE_MKL=ON,
"""
OPENBLAS = """PyTorch built with:
  - OpenBLAS 0.3.29
  - Build settings: BLAS_INFO=open, LAPACK_INFO=open,
"""
ACCELERATE = "  - Accelerate 1\n  - Build settings: BLAS_INFO=accelerate,"


@pytest.mark.parametrize(
    ("build", "libraries", "settings"),
    [
        (
            MKL,
            "Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build 20240605; "
            "Intel(R) MKL-DNN v3.7.1 (Git Hash 8d263e69); BLAS mkl",
            "MKL_CBWR=COMPATIBLE DNNL_MAX_CPU_ISA=AVX2",
        ),
        (
            OPENBLAS,
            "OpenBLAS 0.3.29; BLAS open",
            "MKL_CBWR=COMPATIBLE DNNL_MAX_CPU_ISA=AVX2 OPENBLAS_CORETYPE=Zen",
        ),
        (ACCELERATE, "Accelerate 1; BLAS accelerate", "MKL_CBWR=COMPATIBLE DNNL_MAX_CPU_ISA=AVX2"),
        ("nothing", "", "MKL_CBWR=COMPATIBLE DNNL_MAX_CPU_ISA=AVX2"),
    ],
)
def test_the_libraries_and_what_chooses_their_kernels_are_named(
    build: str, libraries: str, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.__config__, "show", lambda: build)
    chosen = {
        "MKL_CBWR": "COMPATIBLE",
        "MKL_DYNAMIC": "",
        "DNNL_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Zen",
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    assert environment()["math_library"] == libraries
    found = fingerprint(device="cpu", threads=1, memory_format="contiguous")
    assert found["math_library"] == libraries
    assert found["math_settings"] == settings
    assert found["torch_build"] == hashlib.sha256(build.encode()).hexdigest()[:16]
