"""Attention of one layer of a Whisper encoder: through the int8 kernel, and in floating point."""

from __future__ import annotations

import sys
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runner.artifact import Artifact
from runner.errors import RunnerError
from runner.launch import EMULATOR, open_artifact
from softnpu.environment import made_by_doit

Array = np.ndarray[Any, Any]

KERNELS = ("attention/t16", "attention/t64", "attention_sequence/n1500")
"""The library's designs of attention, by what they take: rows of Q, K and V."""

_PACKAGES = {True: "-r requirements-whisper.txt", False: "'npuforge[whisper]'"}
"""What pip installs, by whether ./doit has made the environment."""

SIXTEENTHS = 16
"""What Q and K count in the kernels' int8 (docs/kernels.md)."""
SAMPLE_RATE = 16_000
EPSILON = 1e-5
"""Of the encoder's layer normalisation (torch.nn.LayerNorm's default)."""


@dataclass(frozen=True)
class Layer:
    """What attention takes in one layer.

    Attributes:
        q, k, v: (heads, rows, dim) float64; q is not yet divided by sqrt(dim).
    """

    name: str
    q: Array
    k: Array
    v: Array


def project(name: str, state: Mapping[str, Array], layer: int, heads: int, hidden: Array) -> Layer:
    """Q, K and V of an encoder's layer.

    Args:
        state: the model's weights by the names that transformers' WhisperModel gives them.
        layer: from 0.
        hidden: (rows, width), what enters the layer.

    Raises:
        RunnerError: for a weight that is not there.
    """
    prefix = f"encoder.layers.{layer}"

    def weight(part: str) -> Array:
        if f"{prefix}.{part}" not in state:
            raise RunnerError(f"{name} has no weights {prefix}.{part}: is it a Whisper model?")
        return np.asarray(state[f"{prefix}.{part}"], np.float64)

    x = hidden.astype(np.float64)
    x = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + EPSILON)
    x = x * weight("self_attn_layer_norm.weight") + weight("self_attn_layer_norm.bias")

    def heads_of(part: str, *, bias: bool = True) -> Array:
        y = x @ weight(f"self_attn.{part}.weight").T
        if bias:
            y = y + weight(f"self_attn.{part}.bias")
        return np.asarray(y.reshape(len(y), heads, -1).transpose(1, 0, 2))

    q, k, v = heads_of("q_proj"), heads_of("k_proj", bias=False), heads_of("v_proj")
    return Layer(f"layer {layer} of {name}", q, k, v)


@dataclass(frozen=True)
class Quantised:
    """A head's Q, K and V as the kernels take them.

    Attributes:
        qkv: (3, rows, dim) int8.
        step: what one step of V, and of the output, stands for.
        clipped: the share of Q and K that int8 does not hold.
    """

    qkv: Array
    step: float
    clipped: float


def quantise(q: Array, k: Array, v: Array) -> Quantised:
    """(rows, dim) each, float, to int8: Q and K in sixteenths, V by its largest value.

    A factor may move from Q to K without a change of the scores; it is chosen so that both are as
    large, and the range of int8 serves both.
    """
    factor = np.sqrt(np.abs(k).max() / np.abs(q).max())
    step = float(np.abs(v).max()) / 127
    exact = np.stack([SIXTEENTHS * q * factor, SIXTEENTHS * k / factor, v / step])
    rounded = np.rint(exact)
    clipped = float((np.abs(rounded[:2]) > 127).mean())
    return Quantised(np.clip(rounded, -127, 127).astype(np.int8), step, clipped)


def float_attention(q: Array, k: Array, v: Array) -> Array:
    """softmax(Q K^T / sqrt(dim)) V over the last two axes."""
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mean: Array = weights / weights.sum(axis=-1, keepdims=True) @ v
    return mean


@dataclass(frozen=True)
class Agreement:
    """How the kernel's attention of a layer goes with floating point.

    Attributes:
        kernel: the design that ran.
        correlations: by head.
        clipped: the share of Q and K, all heads', that int8 does not hold.
    """

    layer: str
    kernel: str
    correlations: tuple[float, ...]
    clipped: float

    def text(self) -> str:
        """For a person."""
        heads = ", ".join(f"{c:.4f}" for c in self.correlations)
        return (
            f"Attention of {self.layer} through {self.kernel} on the emulator:\n"
            f"  correlation with floating point, by head: {heads}\n"
            f"  in the mean {np.mean(self.correlations):.4f}, at least"
            f" {min(self.correlations):.4f}; {100 * self.clipped:.2f} % of Q and K clipped"
        )


def through_kernel(layer: Layer, kernels: Sequence[Artifact]) -> Agreement:
    """Runs every head of a layer on the emulator, through the design of its size.

    Raises:
        RunnerError: when no design takes so many rows.
    """
    shape = (3, *layer.q.shape[1:])
    fitting = [kernel for kernel in kernels if kernel.arguments[0].shape == shape]
    if not fitting:
        sizes = ", ".join(f"{k.label} {list(k.arguments[0].shape)}" for k in kernels)
        raise RunnerError(f"no attention design takes Q, K, V of {list(shape)}; there are {sizes}")
    given, result = fitting[0].arguments
    session = open_artifact(fitting[0], EMULATOR).session
    correlations, clipped = [], []
    try:
        for q, k, v in zip(layer.q, layer.k, layer.v, strict=True):
            head = quantise(q, k, v)
            got = session.run({given.name: head.qkv})[result.name] * head.step
            correlations.append(correlation(got, float_attention(q, k, v)))
            clipped.append(head.clipped)
    finally:
        session.close()
    return Agreement(layer.name, fitting[0].label, tuple(correlations), float(np.mean(clipped)))


def correlation(a: Array, b: Array) -> float:
    """Pearson's correlation of two arrays' elements; 0 where one of them is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def load(folder: Path, layer: int, audio: Path | None) -> Layer:
    """A layer of a local model, as `audio` (else a synthetic sound) makes it.

    Raises:
        RunnerError: no such model, layer or sound, or transformers or torch is not installed.
    """
    if not (folder / "config.json").is_file():
        raise RunnerError(f"{folder} holds no Whisper model: config.json is missing")
    try:
        import torch
        from transformers import WhisperFeatureExtractor, WhisperModel
    except ImportError as error:
        raise RunnerError(
            f"a model's layers need transformers and torch ({error}):"
            f" {sys.executable} -m pip install {_PACKAGES[made_by_doit()]}"
        ) from error
    model = WhisperModel.from_pretrained(folder, local_files_only=True)
    config = model.config
    if not 0 <= layer < config.encoder_layers:
        raise RunnerError(f"layer {layer}: {folder} has layers 0 to {config.encoder_layers - 1}")
    extract = WhisperFeatureExtractor(feature_size=config.num_mel_bins)
    sound = synthetic_sound() if audio is None else read_wave(audio)
    features = extract(sound, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
    with torch.no_grad():
        states = model.encoder(
            features[:, :, : 2 * config.max_source_positions], output_hidden_states=True
        ).hidden_states
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    hidden = states[layer][0].numpy()
    return project(str(folder), state, layer, config.encoder_attention_heads, hidden)


def read_wave(path: Path) -> Array:
    """Samples from -1 to 1.

    Raises:
        RunnerError: for a file that is not 16 kHz, mono, 16 bits.
    """
    try:
        with wave.open(str(path), "rb") as file:
            found = (file.getframerate(), file.getnchannels(), 8 * file.getsampwidth())
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise RunnerError(f"{path} is no WAV file that can be read: {error}") from error
    if found != (SAMPLE_RATE, 1, 16):
        raise RunnerError(
            f"{path} has {found[0]} Hz, {found[1]} channels, {found[2]} bits; 16000 Hz, 1 channel"
            " and 16 bits are wanted"
        )
    return np.frombuffer(data, "<i2").astype(np.float64) / 2**15


def synthetic_sound(seconds: float = 30) -> Array:
    """Samples from -1 to 1: a gliding voice of many harmonics in syllables, over noise."""
    rng = np.random.default_rng(0)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 130 * np.exp(0.3 * np.sin(2 * np.pi * 0.7 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    voice = sum(np.sin(n * phase) / n for n in range(1, 30))
    syllables = np.clip(np.sin(2 * np.pi * 4 * time), 0, 1)
    sound = syllables * voice + 0.05 * rng.standard_normal(len(time))
    return np.asarray(0.5 * sound / np.abs(sound).max())
