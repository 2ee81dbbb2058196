"""A Whisper layer's attention through the kernel: with made-up weights, and with a real model."""

from __future__ import annotations

import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runner import artifact, whisper_layer
from runner.artifact import Artifact
from runner.errors import RunnerError
from runner.whisper_layer import Array, Layer, float_attention, project, quantise, through_kernel
from tests.kernels.library import built, project_of

ROWS, WIDTH, HEADS = 64, 128, 2
TILE = "attention/t64"
PREFIX = "encoder.layers.1.self_attn"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """Attention over 64 rows of 64."""
    kernel = built(project_of(tmp_path_factory.mktemp("attention") / "project", TILE), TILE)
    return artifact.load(kernel.folder)


def made_up_state(spread: float = 0.13) -> dict[str, Array]:
    """Weights of a second layer, by the names of transformers' WhisperModel."""
    rng = np.random.default_rng(71)
    state = {
        f"{PREFIX}_layer_norm.weight": rng.normal(1, 0.1, WIDTH),
        f"{PREFIX}_layer_norm.bias": rng.normal(0, 0.1, WIDTH),
    }
    for part in ("q_proj", "k_proj", "v_proj"):
        state[f"{PREFIX}.{part}.weight"] = rng.normal(0, spread, (WIDTH, WIDTH))
        if part != "k_proj":
            state[f"{PREFIX}.{part}.bias"] = rng.normal(0, 0.1, WIDTH)
    return {name: values.astype(np.float32) for name, values in state.items()}


def made_up_layer() -> Layer:
    """What such a layer makes of noise."""
    hidden = np.random.default_rng(72).normal(0, 1, (ROWS, WIDTH))
    return project("made-up weights", made_up_state(), 1, HEADS, hidden)


def test_a_layer_of_made_up_weights_follows_floating_point(
    kernel: Artifact, accuracy: Callable[[str], None]
) -> None:
    found = through_kernel(made_up_layer(), [kernel])
    accuracy(" ".join(found.text().split()))
    assert len(found.correlations) == HEADS
    assert min(found.correlations) > 0.95
    assert found.clipped < 0.01
    assert f"layer 1 of made-up weights through {TILE}" in found.text()


def test_heads_are_neighbouring_columns_of_a_projection() -> None:
    hidden = np.random.default_rng(72).normal(0, 1, (ROWS, WIDTH))
    state = made_up_state()
    state[f"{PREFIX}.q_proj.weight"][:64] = 0
    state[f"{PREFIX}.q_proj.bias"][:] = 7
    layer = project("x", state, 1, HEADS, hidden)
    assert np.all(layer.q[0] == 7)
    assert np.ptp(layer.q[1]) > 1
    assert layer.k.shape == (HEADS, ROWS, 64)


def test_quantising_keeps_the_scores_of_unbalanced_projections() -> None:
    rng = np.random.default_rng(73)
    q, k, v = rng.normal(0, 40, (64, 64)), rng.normal(0, 0.05, (64, 64)), rng.normal(0, 3, (64, 64))
    head = quantise(q, k, v)
    scores = head.qkv[0].astype(float) @ head.qkv[1].astype(float).T / 256
    assert np.corrcoef(scores.ravel(), (q @ k.T).ravel())[0, 1] > 0.999
    assert np.abs(scores - q @ k.T).max() < 0.05 * np.abs(q @ k.T).max()
    assert np.allclose(head.qkv[2] * head.step, v, atol=head.step / 2)
    assert head.clipped == 0


def test_what_int8_does_not_hold_is_counted() -> None:
    q = np.random.default_rng(74).normal(0, 30, (64, 64))
    assert 0.5 < quantise(q, q, q).clipped < 1


def test_attention_without_peaks_is_the_mean_of_the_values() -> None:
    v = np.arange(12.0).reshape(4, 3)
    zeros = np.zeros((4, 3))
    assert np.allclose(float_attention(zeros, zeros, v), v.mean(axis=0))


def test_a_size_that_no_design_takes_is_an_error(kernel: Artifact) -> None:
    small = Layer("small", *np.ones((3, 1, 10, 64)))
    with pytest.raises(RunnerError, match=r"no attention design takes .*\[3, 10, 64\].*t64"):
        through_kernel(small, [kernel])


def test_missing_weights_are_named() -> None:
    state = made_up_state()
    del state[f"{PREFIX}.v_proj.bias"]
    with pytest.raises(
        RunnerError, match=r"no weights encoder\.layers\.1\.self_attn\.v_proj\.bias"
    ):
        project("x", state, 1, HEADS, np.ones((ROWS, WIDTH)))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match=r"config\.json is missing"):
        whisper_layer.load(tmp_path, 0, None)


def test_without_transformers_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(RunnerError, match=r"pip install .*whisper"):
        whisper_layer.load(tmp_path, 0, None)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 1), (16_000, 2)])
def test_a_sound_in_another_format_is_refused(tmp_path: Path, rate: int, channels: int) -> None:
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(bytes(64))
    with pytest.raises(RunnerError, match=f"{rate} Hz, {channels} channels, 16 bits; 16000 Hz"):
        whisper_layer.read_wave(path)


def test_samples_of_a_sound_are_fractions(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.array([0, 16384, -32768], "<i2").tobytes())
    assert whisper_layer.read_wave(path).tolist() == [0, 0.5, -1]


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper of two layers with random weights, saved as transformers saves models."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(75)
    config = transformers.WhisperConfig(
        d_model=WIDTH,
        encoder_layers=2,
        encoder_attention_heads=HEADS,
        encoder_ffn_dim=256,
        decoder_layers=1,
        decoder_attention_heads=HEADS,
        decoder_ffn_dim=256,
        max_source_positions=ROWS,
        vocab_size=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        init_std=0.13,
    )
    folder = tmp_path_factory.mktemp("model")
    transformers.WhisperModel(config).save_pretrained(folder)
    return Path(folder)


@pytest.mark.parametrize("number", [0, 1])
def test_a_layer_of_a_model_follows_floating_point(
    small_model: Path, kernel: Artifact, number: int, accuracy: Callable[[str], None]
) -> None:
    found = through_kernel(whisper_layer.load(small_model, number, None), [kernel])
    accuracy(" ".join(found.text().split()).replace(str(small_model), "a random Whisper"))
    assert min(found.correlations) > 0.9


def test_q_k_and_v_are_those_of_the_model(small_model: Path) -> None:
    import torch
    from transformers import WhisperModel

    layer = whisper_layer.load(small_model, 1, None)
    model = WhisperModel.from_pretrained(small_model, local_files_only=True)
    seen: dict[str, Array] = {}
    attention = model.encoder.layers[1].self_attn
    for part in ("q_proj", "k_proj", "v_proj", "out_proj"):

        def keep(_module: object, given: tuple[torch.Tensor], result: torch.Tensor, p: str = part):
            seen[p] = (given[0] if p == "out_proj" else result).detach().numpy()[0]

        getattr(attention, part).register_forward_hook(keep)
    sound = whisper_layer.synthetic_sound()
    from transformers import WhisperFeatureExtractor

    features = WhisperFeatureExtractor(feature_size=80)(
        sound, sampling_rate=16_000, return_tensors="pt"
    ).input_features
    model.encoder(features[:, :, : 2 * ROWS])
    flat = [x.transpose(1, 0, 2).reshape(ROWS, WIDTH) for x in (layer.q, layer.k, layer.v)]
    for part, ours in zip(("k_proj", "v_proj"), flat[1:], strict=True):
        assert np.allclose(seen[part], ours, atol=1e-4)
    assert np.corrcoef(seen["q_proj"].ravel(), flat[0].ravel())[0, 1] > 0.9999
    ours = float_attention(layer.q, layer.k, layer.v).transpose(1, 0, 2).reshape(ROWS, WIDTH)
    assert np.allclose(seen["out_proj"], ours, atol=1e-3)


def test_a_layer_that_the_model_does_not_have_is_an_error(small_model: Path) -> None:
    with pytest.raises(RunnerError, match="has layers 0 to 1"):
        whisper_layer.load(small_model, 2, None)
