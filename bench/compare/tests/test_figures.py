"""python3 -m unittest discover bench/compare/tests"""
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from compare import figures  # noqa: E402


class RatioTests(unittest.TestCase):
    def test_ratio_is_of_medians_and_inside_its_interval(self):
        value, low, high = figures.ratio([2, 4, 6, 8, 100], [1, 2, 3, 4, 5])
        self.assertEqual(value, 2)
        self.assertTrue(low <= value <= high)

    def test_interval_covers_the_truth_about_as_often_as_it_says(self):
        chance, covered, trials = random.Random(1), 0, 100
        for trial in range(trials):
            ours = [chance.gauss(120, 10) for _ in range(15)]
            theirs = [chance.gauss(100, 10) for _ in range(15)]
            _, low, high = figures.ratio(ours, theirs, trial)
            covered += low <= 1.2 <= high
        self.assertGreaterEqual(covered, 88)

    def test_noise_common_to_a_round_does_not_widen_the_interval(self):
        chance = random.Random(2)
        load = [chance.uniform(0.2, 1) for _ in range(20)]
        theirs = [100 * part for part in load]
        _, low, high = figures.ratio([1.5 * value for value in theirs], theirs)
        self.assertAlmostEqual(low, 1.5)
        self.assertAlmostEqual(high, 1.5)

    def test_rounds_that_failed_are_left_out_in_pairs(self):
        self.assertEqual(figures.pairs([1, None, 3, 4], [10, 20, None, 40]), [(1, 10), (4, 40)])

    def test_two_rounds_are_too_few(self):
        self.assertIsNone(figures.ratio([1, 2], [1, 2]))

    def test_same_seed_same_interval(self):
        self.assertEqual(figures.ratio([1, 2, 5, 9], [3, 1, 4, 2], 7), figures.ratio([1, 2, 5, 9], [3, 1, 4, 2], 7))


class VerdictTests(unittest.TestCase):
    def test_a_win_or_a_loss_only_where_the_interval_excludes_one(self):
        self.assertEqual(figures.verdict((1.2, 0.99, 1.4), True), "can't tell")
        self.assertEqual(figures.verdict((1.2, 1.01, 1.4), True), "better")
        self.assertEqual(figures.verdict((0.8, 0.7, 0.99), True), "worse")
        self.assertEqual(figures.verdict((0.8, 0.7, 0.99), False), "better")
        self.assertEqual(figures.verdict(None, True), "can't tell")

    def test_a_goal_is_reached_only_by_the_whole_interval(self):
        self.assertEqual(figures.reached((6, 5, 7), 5, True), "reached")
        self.assertEqual(figures.reached((6, 4.9, 7), 5, True), "can't tell")
        self.assertEqual(figures.reached((4, 3, 4.9), 5, True), "not reached")
        self.assertEqual(figures.reached((0.6, 0.5, 0.7), 0.7, False), "reached")
        self.assertEqual(figures.reached((0.8, 0.71, 0.9), 0.7, False), "not reached")
        self.assertEqual(figures.reached(None, 5, True), "not measured")


if __name__ == "__main__":
    unittest.main()
