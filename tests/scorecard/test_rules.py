"""The rules that peers are measured by: python3 -m unittest discover -s tests/scorecard"""

import pathlib
import tempfile
import tomllib
import unittest

import bounds
import match

ATTACK = match.Attack(1_000.0, 1_060.0, "rogue-write", frozenset({"10.0.0.66", "10.0.0.9"}))


def alert(time, source="10.0.0.66", destination="10.0.0.9"):
    return match.Alert(time, source, destination)


class Rules(unittest.TestCase):
    def test_an_alert_finds_an_attack_in_its_time_and_of_its_hosts(self):
        table = [(alert(1_000), 1), (alert(1_070), 1), (alert(990), 1), (alert(1_070.1), 0), (alert(989.9), 0),
                 (alert(1_030, "10.0.0.1", "10.0.0.9"), 1), (alert(1_030, "10.0.0.1", "10.0.0.2"), 0)]
        for one, found in table:
            self.assertEqual(match.score([ATTACK], [one], 0)["kinds"], {"rogue-write": [found, 1]}, one)

    def test_what_was_raised_while_learning_does_not_count(self):
        self.assertEqual(match.score([ATTACK], [alert(1_010)], 1_020)["alerts"], 0)

    def test_alerts_of_one_source_are_one_episode_until_it_is_quiet(self):
        times = [0, 899, 1_798, 2_698]
        result = match.score([], [alert(time) for time in times], 0)
        self.assertEqual((result["episodes"], result["wrong"]), (2, 2))

    def test_an_episode_that_finds_an_attack_is_not_wrong(self):
        result = match.score([ATTACK], [alert(500), alert(1_010), alert(1_020), alert(9_000)], 0)
        self.assertEqual((result["episodes"], result["wrong"]), (2, 1))

    def test_windows_and_alert_lines_are_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "windows.csv")
            path.write_text("start,end,attack,actor,target,points\n5.5,6.5,umas,1.1.1.1,2.2.2.2 3.3.3.3,coil:1\n")
            (attack,) = match.attacks(path)
        self.assertEqual((attack.start, attack.hosts), (5.5, frozenset({"1.1.1.1", "2.2.2.2", "3.3.3.3"})))
        self.assertEqual(list(match.alerts(["1.5\ta\tb\trule one\n"])), [match.Alert(1.5, "a", "b")])

    def test_bounds_are_those_of_the_tables(self):
        self.assertAlmostEqual(bounds.poisson_upper(0), 2.995732, 5)
        self.assertAlmostEqual(bounds.poisson_upper(10), 16.962219, 5)
        low, high = bounds.wilson(5, 10)
        self.assertAlmostEqual(low, 0.236593, 5)
        self.assertAlmostEqual(high, 0.763407, 5)

    def test_no_seed_is_in_both_lists(self):
        seeds = tomllib.loads((pathlib.Path(__file__).parent / "seeds.toml").read_text(encoding="utf-8"))
        self.assertEqual(set(seeds["tuning"]) & set(seeds["reporting"]), set())
        self.assertEqual(len(set(seeds["reporting"])), len(seeds["reporting"]))


if __name__ == "__main__":
    unittest.main()
