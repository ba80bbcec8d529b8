# SPDX-License-Identifier: BSD-3-Clause
"""A second klflow that shares no code with the first: Philox, Box-Muller, networks, layer statistics, Q by both estimators, KL and
mean field, written here from docs/theory.md in plain NumPy, for the variances and the sample count below.

Normals follow the exact formula, while klflow's are float32: they differ by up to 2.5e-7 r each (klflow/normal.h). Over hundreds
of weights and samples that leaves 1e-7 of a mean and some 1e-6 of an error bar."""
import numpy as np

SAMPLES, WEIGHTS, BIASES, GAUSSIAN_INPUT, START = range(5)  # streams of klflow/rng.h
N_MC, VAR_W, VAR_B = 200, 1.5, 0.05
SCATTERED = ["mean", "var", "kl", "kl_per_neuron", "kl_meanfield_per_neuron", "Q_direct", "Q_gram", "entropy_target",
             "kl_term_reference", "kl_term_log_var", "kl_term_quadratic"]


# ---- random numbers ----

def philox(seed, subsequence, n_blocks):
    """Philox4x32-10 (Salmon et al. 2011): blocks 0 .. n_blocks-1 of a subsequence as 32-bit words held in uint64."""
    low, high = np.uint64(0xFFFFFFFF), np.uint64(32)
    c0 = np.arange(n_blocks, dtype=np.uint64)
    c1 = np.zeros_like(c0)
    c2, c3 = c1 + np.uint64(subsequence & 0xFFFFFFFF), c1 + np.uint64(subsequence >> 32)
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1 = (p1 >> high) ^ c1 ^ np.uint64(k0), p1 & low
        c2, c3 = (p0 >> high) ^ c3 ^ np.uint64(k1), p0 & low
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).ravel()


def normals(seed, stream, index, n):
    words = philox(seed, stream << 56 | index, n // 4 + 1)
    u, v = (words[0::2] + 0.5) / 2**32, (words[1::2] + 0.5) / 2**32
    radius = np.sqrt(-2 * np.log(u))
    pairs = np.stack([radius * np.sin(2 * np.pi * v), radius * np.cos(2 * np.pi * v)], axis=1)
    return pairs.ravel()[:n]


# ---- rounding ----

def rounded(x, name):
    """To nearest, half way to even, as klflow does it: by way of float32."""
    x = np.asarray(x, dtype=np.float32)
    if name in ("fp64", "fp32"):
        return x.astype(float)
    if name == "fp16":
        return x.astype(np.float16).astype(float)
    digits = {"tf32": 11, "bf16": 8}[name]
    mantissa, exponent = np.frexp(x.astype(float))
    return np.ldexp(np.rint(np.ldexp(mantissa, digits)), exponent - digits)


# ---- the computation ----

def draw_network(seed, widths, input_width):
    layers, fan_in = [], input_width
    for l, width in enumerate(widths):
        rows = [normals(seed, WEIGHTS, l << 32 | row, fan_in) for row in range(width)]
        layers.append((np.sqrt(VAR_W / fan_in) * np.array(rows), np.sqrt(VAR_B) * normals(seed, BIASES, l, width)))
        fan_in = width
    return layers


def mean_tanh2(mean, var):
    z = np.linspace(-10, 10, 20001)
    weight = np.exp(-z**2 / 2)
    return np.sum(weight * np.tanh(mean + np.sqrt(var) * z) ** 2) / np.sum(weight)


def next_variance(q):
    return VAR_W * mean_tanh2(0, q) + VAR_B


def theory_statistics(q, depth):
    var = [q]
    while len(var) < depth:
        var.append(next_variance(var[-1]))
    return np.zeros(depth), np.array(var)


def gaussian_input(seed, mean_square, n):
    x = normals(seed, GAUSSIAN_INPUT, 0, n)
    return x * np.sqrt(mean_square / np.mean(x**2))


def measured_statistics(layers, seed, images=None, q0=None):
    """Pooled over neurons and images; without an image over one draw z^0 ~ N(0, q0), while layer 0 is N(0, q0) exactly."""
    mean, var = [], []
    for l, (weight, bias) in enumerate(layers):
        if l > 0:
            z = np.tanh(z) @ weight.T + bias
        else:
            z = np.sqrt(q0) * normals(seed, START, 0, len(bias)) if images is None else images @ weight.T + bias
        mean.append(np.mean(z))
        var.append(np.var(z))
    if images is None:
        mean[0], var[0] = 0, q0
    return np.array(mean), np.array(var)


def mean_field(widths, mean, var, theory):
    if not var > 0:
        return np.full(len(widths), np.nan)
    curve, second_moment = [0], mean**2 + var
    target = var if theory else second_moment
    for l in range(1, len(widths)):
        second_moment = VAR_W * (mean_tanh2(mean, var) if l == 1 else mean_tanh2(0, second_moment)) + VAR_B
        target = next_variance(target)
        curve.append(-widths[0] / 2 * np.log(2 * np.pi * np.e * var) + widths[l] / 2 * np.log(2 * np.pi * target)
                     + widths[l] * second_moment / (2 * target))
    return np.array(curve) / widths[0]


def sample_layers(layers, mean, var, sample_seed, activate=np.tanh):
    """z of every layer, [sample][neuron], from z ~ p of the first one on."""
    width = len(layers[0][1])
    z = [mean + np.sqrt(var) * np.array([normals(sample_seed, SAMPLES, s, width) for s in range(N_MC)])]
    for weight, bias in layers[1:]:
        z.append(activate(z[-1]) @ weight.T + bias)
    return z


def moments(z, activate=np.tanh):
    phi = activate(z)
    return np.mean(phi, axis=0), phi.T @ phi / N_MC


def flow(layers, mean, var, sample_seed, reference=0, theory=False, activate=np.tanh):
    """What `klflow kl --json` prints of one network and one input."""
    layers, mean, var = layers[reference:], mean[reference:], var[reference:]
    width = np.array([len(bias) for _, bias in layers])
    z = sample_layers(layers, mean[0], var[0], sample_seed, activate)
    q_direct, q_gram, q_stderr = [width[0] * var[0]], [width[0] * var[0]], [0.0]
    for l in range(1, len(layers)):
        (weight, bias), mu = layers[l], mean[l]
        f_j, f_jk = moments(z[l - 1], activate)
        q_gram.append(np.sum(f_jk * (weight.T @ weight)) + 2 * f_j @ weight.T @ (bias - mu) + np.sum((bias - mu) ** 2))
        squares = np.sum((z[l] - mu) ** 2, axis=1)
        q_direct.append(np.mean(squares))
        q_stderr.append(np.std(squares, ddof=1) / np.sqrt(N_MC))
    density = np.where(var > 0, var, np.nan)  # the variance where a layer has a density
    entropy = width / 2 * np.log(2 * np.pi * np.e * density)
    log_var, quadratic = width / 2 * np.log(2 * np.pi * density), np.array(q_direct) / (2 * density)
    kl = -entropy[0] + log_var + quadratic
    if var[0] > 0:  # else nothing has a relative entropy to the reference layer
        kl[0] = 0
    return {"width": width, "mean": mean, "var": var, "Q_direct": np.array(q_direct), "Q_gram": np.array(q_gram),
            "Q_stderr": np.array(q_stderr), "kl": kl, "kl_stderr": np.where(np.isnan(kl), np.nan, np.array(q_stderr) / (2 * density)),
            "kl_per_neuron": kl / width[0], "entropy_target": entropy, "entropy_reference": entropy[0],
            "kl_term_reference": np.full(len(width), -entropy[0]), "kl_term_log_var": log_var,
            "kl_term_quadratic": quadratic, "kl_meanfield_per_neuron": mean_field(width, mean[0], var[0], theory)}


def average(parts, over, independent):
    result = {name: np.mean([p[name] for p in parts], axis=0) for name in parts[0]}
    for name in SCATTERED:
        result[name + over] = np.std([p[name] for p in parts], axis=0, ddof=1)
    if independent:
        for name in ("Q_stderr", "kl_stderr"):
            result[name] = np.sqrt(np.sum([p[name] ** 2 for p in parts], axis=0)) / len(parts)
    return result
