"""How weights lie in files: GGUF, safetensors, LoRA adapters and OpenVINO, read, changed and written."""
