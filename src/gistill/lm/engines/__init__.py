"""What answers: OpenVINO GenAI, or any model of transformers."""
