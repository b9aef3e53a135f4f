"""Which file systems count as a disk of this machine."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from actwise.errors import StoreError
from actwise.store import RunStore
from actwise.store.database import file_system_of, is_network_file_system

SERVED = (
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "davfs2", "fuse.sshfs", "fuse.davfs2"),
    *("ceph", "fuse.ceph", "fuse.ceph-fuse", "glusterfs", "fuse.glusterfs", "lustre", "beegfs"),
    *("fuse.beegfs", "gpfs", "orangefs", "ocfs2", "gfs2", "9p", "drvfs", "virtiofs", "vboxsf"),
    *("vmhgfs", "fuse.vmhgfs-fuse", "prl_fs", "fuse.prl_fsd", "fuse.grpcfuse", "osxfs"),
    *("fakeowner", "s3fs", "fuse.s3fs", "fuse.goofys", "fuse.mountpoint-s3", "fuse.rclone"),
    *("fuse.gcsfuse", "fuse.blobfuse", "fuse.blobfuse2", "fuse.juicefs", "fuse"),
    *("fuse.gvfsd-fuse", "fuse.cephfs", "xtreemfs", "fuse.mapr", "auristorfs"),
)
LOCAL = (
    *("overlay", "ext4", "ext3", "xfs", "btrfs", "zfs", "tmpfs", "fuse.fuse-overlayfs", "f2fs"),
    *("bcachefs", "apfs", "hfs", "ntfs3", "fuseblk", "exfat", "vfat", "aufs", "fuse.mergerfs"),
    *("fuse.gocryptfs", "ecryptfs", "squashfs", "rootfs", "jfs"),
)

# Of real machines: WSL 2, a container of Docker Desktop, EC2 with mountpoint-s3, VirtualBox.
MOUNTS = {
    "wsl": """
22 1 8:32 / / rw,relatime - ext4 /dev/sdc rw
60 22 0:44 / /mnt/c rw,noatime - 9p drvfs rw,dirsync,aname=drvfs;path=C:\\134
61 22 0:45 / /mnt/wsl rw,relatime shared:1 - tmpfs none rw
""",
    "container": """
500 499 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b
501 500 0:51 / /workspace rw,relatime - virtiofs host_share rw
502 500 0:52 / /workspace/scratch rw,relatime - ext4 /dev/vdb rw
""",
    "cloud": """
25 1 259:1 / / rw,noatime - xfs /dev/nvme0n1p1 rw
90 25 0:60 / /bucket rw,nosuid - fuse mountpoint-s3 rw,user_id=0
91 25 0:61 / /with\\040blank rw,nosuid - fuse.rclone remote:data rw,user_id=0
""",
    "virtual machine": """
30 1 8:1 / / rw - btrfs /dev/sda1 rw
70 30 0:70 / /media/sf_share rw,nodev - vboxsf share rw
71 30 0:71 / /mnt/hgfs rw,nodev - fuse.vmhgfs-fuse vmhgfs-fuse rw
""",
}


def parsed(name: str) -> list[tuple[str, str]]:
    """Mount points and types of a table as Linux writes it to /proc/self/mountinfo."""
    found = []
    for line in MOUNTS[name].strip().splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape")
        found.append((point, after.split()[0]))
    return found


@pytest.mark.parametrize("kind", SERVED)
def test_what_is_served_from_elsewhere_is_no_disk_of_this_machine(kind: str) -> None:
    assert is_network_file_system(kind)
    assert is_network_file_system(kind.upper())


@pytest.mark.parametrize("kind", LOCAL)
def test_ordinary_file_systems_are_disks_of_this_machine(kind: str) -> None:
    assert not is_network_file_system(kind)


@pytest.mark.parametrize(
    ("machine", "place", "is_served"),
    [
        ("wsl", "/home/me/store", False),
        ("wsl", "/mnt/c/Users/me/store", True),
        ("wsl", "/mnt/cache/store", False),
        ("container", "/root/store", False),
        ("container", "/workspace/store", True),
        ("container", "/workspace/scratch/store", False),
        ("cloud", "/home/store", False),
        ("cloud", "/bucket/store", True),
        ("cloud", "/with blank/store", True),
        ("virtual machine", "/home/store", False),
        ("virtual machine", "/media/sf_share/store", True),
        ("virtual machine", "/mnt/hgfs/share/store", True),
    ],
)
def test_the_mount_of_a_place_says_what_it_is_on(machine: str, place: str, is_served: bool) -> None:
    assert is_network_file_system(file_system_of(Path(place), parsed(machine))) == is_served


@pytest.mark.parametrize("kind", ["9p", "fuse.mountpoint-s3", "virtiofs"])
def test_a_store_on_a_mount_of_the_host_is_refused_and_nothing_is_made(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount = SimpleNamespace(mountpoint=str(tmp_path), fstype=kind)
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [mount])
    with pytest.raises(StoreError, match=rf"lies on a network file system \({kind}\)"):
        RunStore.open(tmp_path / "store", create=True)
    assert list(tmp_path.iterdir()) == []
