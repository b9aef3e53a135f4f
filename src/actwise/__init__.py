"""actwise: which activation function should this network use?"""

__version__ = "0.1.0"
