"""Fits a calibration line for a sensor from pairs of reference and measured values.

Usage: calibrate.py FILE, where FILE has one pair "reference,measured" on each line.
"""

import sys
from dataclasses import dataclass


@dataclass
class Calibration:
    """A corrected value is gain * measured + offset."""

    gain: float
    offset: float
    worst_residual: float

    def apply(self, measured: float) -> float:
        return self.gain * measured + self.offset


def fit(pairs: list[tuple[float, float]]) -> Calibration:
    """Least squares over all pairs; at least five are needed for a certificate."""
    if len(pairs) < 5:
        raise ValueError(f"a certificate needs at least five points, not {len(pairs)}")
    count = len(pairs)
    mean_reference = sum(reference for reference, _ in pairs) / count
    mean_measured = sum(measured for _, measured in pairs) / count
    spread = sum((measured - mean_measured) ** 2 for _, measured in pairs)
    if spread == 0:
        raise ValueError("all measured values are equal: is the sensor connected?")
    slope = sum((m - mean_measured) * (r - mean_reference) for r, m in pairs) / spread
    line = Calibration(slope, mean_reference - slope * mean_measured, 0.0)
    line.worst_residual = max(abs(line.apply(m) - r) for r, m in pairs)
    return line


def read_pairs(path: str) -> list[tuple[float, float]]:
    with open(path, encoding="utf-8") as lines:
        rows = (line.split(",") for line in lines if line.strip())
        return [(float(reference), float(measured)) for reference, measured in rows]


if __name__ == "__main__":
    result = fit(read_pairs(sys.argv[1]))
    print(f"gain {result.gain:.5f}, offset {result.offset:+.4f}")
    print(f"largest deviation {result.worst_residual:.4f}")
