"""What can be said from so few: bounds of rates and shares at 95 %."""

import math


def poisson_upper(count):
    """The greatest mean at which so few or fewer still happen once in twenty times (one-sided)."""
    low, high = float(count), count + 10 * math.sqrt(count + 1) + 10
    for _ in range(60):
        mean = (low + high) / 2
        logs = [k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count + 1)]
        most = max(logs)
        chance = math.exp(most) * sum(math.exp(log - most) for log in logs)
        low, high = (mean, high) if chance > 0.05 else (low, mean)
    return high


def wilson(count, of):
    """The two-sided interval of a share."""
    z = 1.959963984540054
    share, whole = count / of, 1 + z * z / of
    middle = share + z * z / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - half) / whole, (middle + half) / whole
