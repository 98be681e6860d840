//! Episodes at another limit: what would be raised, and found, if fewer or more alerts were wanted.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::HashMap;

/// How far something is beyond the limit that would just raise it. What needs no learning is beyond
/// every limit that is for surprise, and then counts by its surprise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Score {
    /// Whether it needs no learning.
    pub hard: bool,
    /// Tenths of bits above the limit, or below it.
    pub tenths: i32,
}

impl Score {
    /// What is raised as it is set: the limit itself, and all that needs no learning.
    pub const RAISED: Self = Self { hard: false, tenths: 0 };

    /// So many bits, where `least` would just do.
    #[must_use]
    pub fn new(hard: bool, bits: f64, least: f64) -> Self {
        let tenths = ((bits - least) * 10.0).round().clamp(-1e6, 1e6);
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and a million at most")]
        let tenths = tenths as i32;
        Self { hard, tenths }
    }

    /// In bits.
    #[must_use]
    pub fn bits(self) -> f64 {
        f64::from(self.tenths) / 10.0
    }
}

/// Odd acts of one actor and one score, none more than the quiet time after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// Which capture or seed, where each is measured by itself.
    of: usize,
    actor: IpAddr,
    score: Score,
    attack: Option<usize>,
    first_ns: u64,
    last_ns: u64,
}

/// All odd acts, those as well that raise nothing.
#[derive(Clone, Debug, Default)]
pub struct Odd {
    quiet_ns: u64,
    runs: Vec<Run>,
    open: HashMap<(IpAddr, Score, Option<usize>), usize>,
    sources: usize,
}

/// What a limit would raise and find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtLimit {
    /// Episodes.
    pub episodes: u64,
    /// Those of them that have no act of an attack.
    pub wrong: u64,
    /// Attacks of which an episode has an act.
    pub found: BTreeSet<usize>,
}

impl Odd {
    /// Nothing yet; an episode ends after so long without an odd act.
    #[must_use]
    pub fn new(quiet_ns: u64) -> Self {
        Self { quiet_ns, sources: 1, ..Self::default() }
    }

    /// Adds an odd act.
    pub fn add(&mut self, time_ns: u64, actor: IpAddr, score: Score, attacks: &[usize]) {
        let none = attacks.is_empty().then_some(None);
        for attack in attacks.iter().copied().map(Some).chain(none) {
            let key = (actor, score, attack);
            let open = self.open.get(&key).and_then(|place| self.runs.get_mut(*place));
            let quiet_ns = self.quiet_ns;
            if let Some(run) = open.filter(|run| time_ns < run.last_ns.saturating_add(quiet_ns)) {
                run.last_ns = run.last_ns.max(time_ns);
            } else {
                self.open.insert(key, self.runs.len());
                let (first_ns, last_ns) = (time_ns, time_ns);
                self.runs.push(Run { of: 0, actor, score, attack, first_ns, last_ns });
            }
        }
    }

    /// Adds those of another capture or seed, of which the attacks are counted from `attacks` on.
    pub fn join(&mut self, other: Self, attacks: usize) {
        let of = self.sources;
        self.open.clear();
        self.quiet_ns = other.quiet_ns;
        self.runs.extend(other.runs.into_iter().map(|run| Run {
            of: run.of.saturating_add(of),
            attack: run.attack.map(|attack| attack.saturating_add(attacks)),
            ..run
        }));
        self.sources = self.sources.saturating_add(other.sources);
    }

    /// The same with attacks at other places; what is about one that has none is left out.
    #[must_use]
    pub fn moved(mut self, places: &[Option<usize>]) -> Self {
        self.open.clear();
        self.runs.retain_mut(|run| match run.attack {
            None => true,
            Some(attack) => {
                run.attack = places.get(attack).copied().flatten();
                run.attack.is_some()
            }
        });
        self
    }

    /// What is raised and found from this score on.
    #[must_use]
    pub fn at(&self, limit: Score) -> AtLimit {
        let mut runs: Vec<&Run> = self.runs.iter().filter(|run| run.score >= limit).collect();
        runs.sort_by_key(|run| (run.of, run.actor, run.first_ns, run.last_ns));
        let mut at = AtLimit::default();
        // Whose episode it is, when it was last odd, and whether an attack is in it.
        let mut open: Option<(usize, IpAddr, u64, bool)> = None;
        let close = |at: &mut AtLimit, episode: Option<(usize, IpAddr, u64, bool)>| {
            if let Some((.., attack)) = episode {
                at.episodes = at.episodes.saturating_add(1);
                at.wrong = at.wrong.saturating_add(u64::from(!attack));
            }
        };
        for run in runs {
            at.found.extend(run.attack);
            match &mut open {
                Some((of, actor, last_ns, attack))
                    if (*of, *actor) == (run.of, run.actor)
                        && run.first_ns < last_ns.saturating_add(self.quiet_ns) =>
                {
                    *last_ns = run.last_ns.max(*last_ns);
                    *attack |= run.attack.is_some();
                }
                _ => {
                    close(&mut at, open.take());
                    open = Some((run.of, run.actor, run.last_ns, run.attack.is_some()));
                }
            }
        }
        close(&mut at, open);
        at
    }

    /// What is raised at each limit, the strictest first.
    #[must_use]
    pub fn steps(&self) -> Vec<(Score, AtLimit)> {
        /// Limits that are tried at most, the one that is set aside.
        const LIMITS: usize = 512;
        let scores: BTreeSet<Score> = self.runs.iter().map(|run| run.score).collect();
        let step = scores.len().div_ceil(LIMITS).max(1);
        let mut limits: BTreeSet<Score> = scores.iter().rev().step_by(step).copied().collect();
        if !scores.is_empty() {
            limits.insert(Score::RAISED);
        }
        limits.into_iter().rev().map(|limit| (limit, self.at(limit))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn soft(tenths: i32) -> Score {
        Score { hard: false, tenths }
    }

    #[test]
    fn scores_count_from_the_limit_and_what_is_hard_is_above_all() {
        assert_eq!(Score::new(false, 6.6, 6.6), Score::RAISED);
        assert_eq!(Score::new(false, 10.0, 6.6), soft(34));
        assert_eq!(Score::new(false, 3.0, 10.0), soft(-70));
        assert!((soft(-70).bits() + 7.0).abs() < 1e-9);
        assert!(Score::new(true, 3.0, 10.0) > Score::new(false, 1_000.0, 10.0));
    }

    #[test]
    fn acts_of_one_actor_are_one_episode_until_it_is_quiet() {
        let mut odd = Odd::new(100);
        for time in [0, 50, 149, 249] {
            odd.add(time, ip(1), soft(5), &[]);
        }
        odd.add(60, ip(2), soft(5), &[0]);
        let at = odd.at(soft(5));
        assert_eq!((at.episodes, at.wrong, at.found.len()), (3, 2, 1));
        assert_eq!(odd.at(soft(6)), AtLimit::default());
    }

    #[test]
    fn a_lower_limit_joins_what_a_higher_one_leaves_apart() {
        let mut odd = Odd::new(100);
        odd.add(0, ip(1), soft(50), &[]);
        odd.add(90, ip(1), soft(10), &[3]);
        odd.add(180, ip(1), soft(50), &[]);
        let (high, low) = (odd.at(soft(50)), odd.at(soft(10)));
        assert_eq!((high.episodes, high.wrong), (2, 2));
        assert_eq!((low.episodes, low.wrong), (1, 0));
        assert_eq!(low.found, BTreeSet::from([3]));
    }

    #[test]
    fn captures_that_are_measured_apart_share_no_episode() {
        let one = |attack: &[usize]| {
            let mut odd = Odd::new(100);
            odd.add(10, ip(1), soft(5), attack);
            odd
        };
        let mut both = one(&[0]);
        both.join(one(&[]), 1);
        both.join(one(&[0]), 1);
        let at = both.at(soft(0));
        assert_eq!((at.episodes, at.wrong), (3, 1));
        assert_eq!(at.found, BTreeSet::from([0, 1]));
    }

    #[test]
    fn there_are_few_steps_whatever_there_is() {
        let mut odd = Odd::new(100);
        for tenths in -70..3_000_i32 {
            odd.add(u64::from(tenths.unsigned_abs()), ip(1), soft(tenths), &[]);
        }
        let steps = odd.steps();
        assert!(steps.len() <= 513, "{}", steps.len());
        assert!(steps.iter().any(|(limit, _)| *limit == Score::RAISED));
        assert!(steps.windows(2).all(|pair| pair[0].0 > pair[1].0));
    }
}
