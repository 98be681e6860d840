//! How likely a number is where so many are known: of the point itself, and of the same point of like devices.
//!
//! Values of one device lie around a level of its own; the levels of like devices lie around one they share.
//! With `n` own values of mean `m`, the next is predicted around `m`, drawn towards the shared level the more the
//! fewer own values there are and the less the devices differ (the best linear predictor of a random-effects
//! model), and judged by Student's t with as many degrees of freedom as stand behind the scale: so that few
//! values claim little. A device of which no value is known is predicted from the others alone. The two are
//! mixed as everywhere ([`surprise`](crate::surprise)): what the others were given is worth one event.

use crate::surprise::real;

/// What like devices say of the scale is worth at most so many values more: own ones outweigh it soon.
const SCALE: f64 = 8.0;
/// Degrees of freedom count up to here, where Student's t is nearly normal: no tail is thinner.
const FREEDOM: f64 = 30.0;

/// Numbers in sum: how many, their mean, and their squared distances from it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    pub(super) count: f64,
    mean: f64,
    squares: f64,
}

impl Sample {
    /// Of each number and how often it counts; what is not finite is left out.
    pub(super) fn of(numbers: &[(f64, u64)]) -> Self {
        let finite = || numbers.iter().filter(|(number, _)| number.is_finite());
        let count: f64 = finite().map(|(_, times)| real(*times)).sum();
        let mean =
            finite().map(|(number, times)| number * real(*times)).sum::<f64>() / count.max(1.0);
        let away = |(number, times): &(f64, u64)| (number - mean).powi(2) * real(*times);
        Self { count, mean, squares: finite().map(away).sum() }
    }

    fn freedom(self) -> f64 {
        (self.count - 1.0).max(0.0)
    }
}

/// What the next number is likely to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Likely {
    centre: f64,
    scale: f64,
    freedom: f64,
}

impl Likely {
    /// The next after `own` values, as those of `others` that are like it say; `None` without any value.
    pub(super) fn next(own: Sample, others: &[Sample]) -> Option<Self> {
        let all = || others.iter().chain([&own]).filter(|sample| sample.count > 0.0);
        let levels: Vec<_> = all().map(|sample| (sample.mean, 1)).collect();
        let levels = Sample::of(&levels);
        if levels.count < 1.0 {
            return None;
        }
        let theirs = others.iter().fold((0.0, 0.0), |(squares, freedom), sample| {
            (squares + sample.squares, freedom + sample.freedom())
        });
        // What is known of the scale within a device: its own, and theirs as far as it counts.
        let worth = theirs.1.min(SCALE);
        let within_freedom = own.freedom() + worth;
        let within = (own.squares + theirs.0 / theirs.1.max(1.0) * worth) / within_freedom.max(1.0);
        if within <= 0.0 {
            return Some(Self::single(levels));
        }
        if levels.count < 2.0 && own.count > 0.0 {
            return Some(Self::new(own.mean, within * (1.0 + 1.0 / own.count), within_freedom));
        }
        // What is known of how levels differ; of a single one, that it is as wide as it is large.
        let (spread, freedom) = match levels.freedom() {
            freedom if freedom > 0.0 => (levels.squares / freedom, freedom),
            _ => (wide(levels.mean), 1.0),
        };
        let by_chance = within * all().map(|sample| 1.0 / sample.count).sum::<f64>() / levels.count;
        let level = (spread - by_chance).max(0.0) + spread / levels.count;
        let level = level.min(f64::MAX);
        // How much of what the next is comes from the shared level; all where levels do not differ at all.
        let share = within / (within + own.count * level);
        let centre = own.mean + share * (levels.mean - own.mean);
        let level = share * level;
        // Welch and Satterthwaite: the degrees of freedom of a sum.
        let all = (within + level).powi(2);
        let each = within.powi(2) / within_freedom + level.powi(2) / freedom;
        Some(Self::new(centre, within + level, all / each))
    }

    /// Where no device had two values, each value is one of the same spread; where all are the same, they count
    /// as wide as they are large.
    fn single(levels: Sample) -> Self {
        if levels.squares > 0.0 {
            let spread = levels.squares / levels.freedom().max(1.0);
            return Self::new(levels.mean, spread * (1.0 + 1.0 / levels.count), levels.freedom());
        }
        Self::new(levels.mean, wide(levels.mean), 1.0)
    }

    fn new(centre: f64, variance: f64, freedom: f64) -> Self {
        // Of what cannot be added up, nothing is known.
        let freedom = if freedom.is_nan() { 1.0 } else { freedom.floor().clamp(1.0, FREEDOM) };
        Self { centre, scale: variance.sqrt(), freedom }
    }

    /// How many times the likely deviation a number is from where the next one is likely.
    pub(super) fn deviations(self, number: f64) -> f64 {
        let away = (number - self.centre).abs() / self.scale;
        // NaN is as far as can be; what no scale was found for is nowhere.
        if number.is_nan() {
            f64::INFINITY
        } else if away.is_nan() {
            0.0
        } else {
            away
        }
    }

    /// How often the next one is at least so far away: from 0 to 1.
    pub(super) fn chance(self, number: f64) -> f64 {
        student(self.deviations(number), self.freedom)
    }
}

/// The variance of what is as wide as it is large, and at least 1.
fn wide(number: f64) -> f64 {
    number.abs().max(1.0).powi(2)
}

/// How often Student's t of so many degrees of freedom, a whole number, is at least `t` to either side: the finite
/// series of Abramowitz and Stegun, 26.7.3 and 26.7.4.
fn student(t: f64, freedom: f64) -> f64 {
    if !t.is_finite() {
        return 0.0;
    }
    let angle = (t / freedom.sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let even = freedom % 2.0 < 0.5;
    let (mut term, mut sum, mut at) = if even { (1.0, 1.0, 2.0) } else { (cosine, cosine, 3.0) };
    while at <= freedom - 2.0 + 0.5 {
        term *= cosine * cosine * (at - 1.0) / at;
        sum += term;
        at += 2.0;
    }
    let inside = if even {
        sine * sum
    } else {
        let series = if freedom < 1.5 { 0.0 } else { sine * sum };
        (angle + series) / core::f64::consts::FRAC_PI_2
    };
    (1.0 - inside).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(numbers: &[f64]) -> Sample {
        Sample::of(&numbers.iter().map(|number| (*number, 1)).collect::<Vec<_>>())
    }

    fn chance(own: &[f64], others: &[&[f64]], number: f64) -> f64 {
        let others: Vec<_> = others.iter().map(|numbers| sample(numbers)).collect();
        Likely::next(sample(own), &others).unwrap().chance(number)
    }

    #[test]
    fn students_t_is_that_of_the_tables() {
        // Two-sided 5 % points of the tables.
        let table =
            [(1.0, 12.706), (2.0, 4.303), (3.0, 3.182), (4.0, 2.776), (9.0, 2.262), (30.0, 2.042)];
        for (freedom, t) in table {
            assert!(
                (student(t, freedom) - 0.05).abs() < 1e-4,
                "{freedom}: {}",
                student(t, freedom)
            );
        }
        assert!((student(0.0, 5.0) - 1.0).abs() < 1e-12 && student(f64::INFINITY, 5.0) <= 0.0);
    }

    #[test]
    fn few_values_claim_little_and_many_claim_more() {
        let few = chance(&[184.0, 187.0], &[], 208.0);
        let many: Vec<_> = (0..12).map(|n| 184.0 + f64::from(n) / 4.0).collect();
        let many = chance(&many, &[], 208.0);
        assert!(few > 0.02 && many < 1e-6, "{few} {many}");
    }

    #[test]
    fn what_like_devices_are_given_says_where_one_of_few_values_may_go() {
        let others: [&[f64]; 6] = [
            &[192.0, 209.0],
            &[205.0, 180.0],
            &[193.0],
            &[220.0, 199.0],
            &[217.0],
            &[181.0, 183.0],
        ];
        let [usual, far] = [208.0, 352.0].map(|number| chance(&[184.0, 187.0], &others, number));
        assert!(usual > 0.1 && far < 1e-3, "{usual} {far}");
        let [usual, far] = [208.0, 352.0].map(|number| chance(&[], &others, number));
        assert!(usual > 0.2 && far < 1e-3, "{usual} {far}");
    }

    #[test]
    fn what_others_say_of_the_scale_does_not_outweigh_own_values_by_their_number() {
        let others = |level: f64, pairs| [level - 1.0, level + 1.0].repeat(pairs);
        let [few, many] = [8, 800].map(|pairs| {
            let others = [others(99.0, pairs), others(102.0, pairs)];
            chance(&[90.0, 100.0, 110.0], &[&others[0], &others[1]], 120.0)
        });
        assert!((few - many).abs() < few / 4.0, "{few} {many}");
    }

    #[test]
    fn devices_that_differ_say_little_of_the_level_of_another() {
        let others: [&[f64]; 3] = [&[10.0, 11.0], &[500.0, 501.0], &[2_000.0, 2_001.0]];
        let unknown = chance(&[], &others, 1_000.0);
        let known = chance(&[100.0, 101.0, 100.5], &others, 1_000.0);
        assert!(unknown > 0.5 && known < 1e-4, "{unknown} {known}");
    }

    #[test]
    fn levels_that_differ_as_they_may_by_chance_are_one() {
        let others =
            [95.0, 97.0, 99.0, 101.0, 103.0, 105.0].map(|level| [level - 10.0, level + 10.0]);
        let others: Vec<&[f64]> = others.iter().map(|pair| &pair[..]).collect();
        // Four values around 120 came out high: the next is drawn towards the 100 of all others.
        let [low, high] =
            [86.0, 130.0].map(|it| chance(&[112.0, 128.0, 118.0, 122.0], &others, it));
        assert!(low > high && low > 0.05, "{low} {high}");
    }

    #[test]
    fn one_value_counts_as_wide_as_it_is_large() {
        assert!(chance(&[58.0], &[], 100.0) > 0.3);
        assert!(chance(&[58.0], &[], 58_000.0) < 0.01);
        assert!(Likely::next(Sample::default(), &[]).is_none());
    }

    #[test]
    fn any_numbers_have_a_chance() {
        let odd =
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, 0.0, -1.0];
        for own in odd {
            for other in odd {
                for number in odd {
                    let others = [sample(&[other, own]), sample(&[other])];
                    let likely = Likely::next(sample(&[own, 1.0]), &others).unwrap();
                    assert!((0.0..=1.0).contains(&likely.chance(number)), "{own} {other} {number}");
                }
            }
        }
    }
}
