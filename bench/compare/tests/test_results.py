"""What is measured, what can't be, and what is said of it. python3 -m unittest discover bench/compare/tests"""
import contextlib
import json
import os
import subprocess
import sys
import types
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from compare import charts, contenders, goals, plan, rounds, summary, text  # noqa: E402
from compare.cases import MIB, Case, Metric, Opens  # noqa: E402
from compare.rigs import PathRig, ProxyRig, Rig  # noqa: E402


def measured(rig="loopback", remarks=None, **values):
    measurement = {"id": "case/speed", "title": "case", "metric": "speed", "rig": rig, "unit": "MB/s", "more_is_better": True,
                   "rounds": len(values["culvert"]), "values": values, "remarks": remarks or {}, "seed": 1}
    return measurement | {"summary": summary.of(measurement, 1)}


class SizeTests(unittest.TestCase):
    sizes = {"culvert": "128 MiB", "FTP": "64 MiB"}

    def test_on_a_path_nothing_is_said_of_different_sizes(self):
        measurement = measured("path 50 ms", self.sizes, culvert=[2, 2, 2], FTP=[1, 1, 1])
        self.assertEqual(measurement["summary"]["ratios"]["culvert"]["FTP"], {"ratio": None, "low": None, "high": None, "verdict": "not comparable: sizes differ"})
        self.assertNotIn("better", text.row(measurement, "FTP"))
        self.assertIn("sizes differ", charts.draw(measurement))
        self.assertEqual(goals.judge(goals.Goal("", "case/speed", "FTP", 1), {"case/speed": measurement}).verdict, "not comparable: sizes differ")

    def test_elsewhere_it_is_and_of_the_same_size_too(self):
        for rig, sizes in (("proxy 50 ms", self.sizes), ("path 50 ms", dict.fromkeys(self.sizes, "64 MiB"))):
            self.assertEqual(measured(rig, sizes, culvert=[2, 2, 2], FTP=[1, 1, 1])["summary"]["ratios"]["culvert"]["FTP"]["verdict"], "culvert better")

    def test_everybody_is_planned_to_move_the_same_on_a_path(self):
        for case in plan.full(1024 * MIB, 100) + plan.quick(64 * MIB):
            if case.rig.kind == "path":
                self.assertEqual(len({case.remark(name) for name in case.contenders}), 1, case.name)


class SummaryTests(unittest.TestCase):
    def test_the_json_says_what_the_text_says(self):
        measurement = json.loads(json.dumps(measured(culvert=[1, 2, 3, 4, 5], FTP=[2, 4, None, 8, 10])))
        self.assertEqual(measurement["summary"]["contenders"]["culvert"], {"median": 3, "quartiles": [2, 4], "minimum": 1, "maximum": 5})
        self.assertEqual(measurement["summary"]["ratios"]["culvert"]["FTP"], {"ratio": 0.5, "low": 0.5, "high": 0.5, "verdict": "culvert worse"})
        self.assertIn("ratio 0.50 [0.50 … 0.50], culvert worse", text.row(measurement, "FTP"))

    def test_culvert_with_options_is_no_peer_but_has_some(self):
        ratios = measured(culvert=[1, 1, 1], **{"no-delay": [2, 2, 2]}, FTP=[1, 1, 1])["summary"]["ratios"]
        self.assertEqual({ours: list(peers) for ours, peers in ratios.items()}, {"culvert": ["FTP"], "no-delay": ["FTP"]})
        self.assertEqual(contenders.label("no-delay"), "culvert, no-delay")

    def test_few_rounds_are_remarked_and_change_no_verdict(self):
        judgement = goals.judge(goals.Goal("", "case/speed", "FTP", 1.5), {"case/speed": measured(culvert=[2, 2, 2], FTP=[1, 1, 1])})
        self.assertEqual((judgement.verdict, judgement.remark), ("reached", "too few rounds: 3"))

    def test_a_bound_that_decides_does_not_read_as_if_it_did_not(self):
        self.assertEqual(text.interval((1.02, 1.004, 1.05)), "1.020 [1.004 … 1.050]")
        self.assertEqual(text.interval((1.02, 1.0001, 1.05)), "1.0200 [1.0001 … 1.0500]")
        self.assertEqual(text.interval((1.02, 1, 1.05)), "1.02 [1.00 … 1.05]")
        self.assertEqual(text.interval((12.8, 11.6, 103)), "12.8 [11.6 … 103]")
        self.assertEqual(text.interval((1.34, 1.299, 1.37), edge=1.3), "1.340 [1.299 … 1.370]")


class ChosenTests(unittest.TestCase):
    def chosen(self, *names, peers=()):
        return [case.name for case in plan.chosen(plan.full(1024 * MIB, 100), names, peers)]

    def test_a_whole_name_is_that_case_alone(self):
        self.assertEqual(self.chosen("sessions"), ["sessions"])

    def test_a_beginning_is_all_that_begin_so(self):
        self.assertEqual(self.chosen("loopback"), ["loopback-download", "loopback-upload"])
        self.assertEqual(sorted(self.chosen("path-down")), ["path-download-100", "path-download-20", "path-download-200", "path-download-50"])

    def test_what_is_named_twice_is_measured_once(self):
        self.assertEqual(self.chosen("noop", "noop", "noop-beside-up", "noop-beside-upload"), ["noop", "noop-beside-upload"])

    def test_what_nobody_is_called_is_refused_with_what_there_is(self):
        with self.assertRaisesRegex(ValueError, "unknown case: path-dwn; known are: start, "):
            self.chosen("start", "path-dwn")
        with self.assertRaisesRegex(ValueError, "unknown peer: typo; known are: ssh -L, "):
            self.chosen("start", peers=["typo"])

    def test_nothing_named_is_everything_and_peers_are_chosen(self):
        self.assertIn("start", self.chosen())
        self.assertEqual(plan.chosen(plan.full(1024 * MIB, 100), ["noop"], ["FTP"])[0].contenders, ["culvert", "FTP"])


class AbsentTests(unittest.TestCase):
    def without(self, *programs):
        return mock.patch("compare.processes.find", lambda program: None if program in programs else "/bin/" + program)

    def test_programs_that_are_missing_are_named(self):
        with self.without("curl", "lftp", "scp"):
            self.assertEqual(contenders.missing("culvert", "lftp"), "not installed: lftp")
            self.assertEqual(contenders.missing("ssh -L", "curl"), "not installed: curl")
            self.assertEqual(contenders.missing("scp", "curl"), "not installed: scp")
            self.assertIsNone(contenders.missing("sftp", "curl"))
            self.assertIsNone(contenders.missing("culvert", None))

    def test_a_case_that_culvert_can_not_do_says_what_it_lacks(self):
        case = plan.chosen(plan.full(MIB, 2), ["files-1KiB"], [])[0]
        with self.without("lftp"), self.assertRaisesRegex(rounds.Failed, "not installed: lftp"):
            rounds.run_case(case, 1, None, 1, None, None, {}, {}, print)

    def test_a_compiler_is_needed_for_delays_and_opens_only(self):
        with self.without("cc"):
            self.assertIsNone(rounds.rigs.missing(Rig()))
            self.assertEqual(rounds.rigs.missing(ProxyRig(50)), "not installed: cc")
            self.assertIn("cc", rounds.absent(Opens(1, 10, 1), {}))

    def test_without_root_there_is_no_path_but_a_proxy(self):
        with self.without(), mock.patch("os.geteuid", lambda: 1):
            self.assertIn("root", rounds.rigs.missing(PathRig(50)))
            self.assertIsNone(rounds.rigs.missing(ProxyRig(50)))


class FailureTests(unittest.TestCase):
    """Runs without servers: only what a case does is looked at."""

    def run_cases(self, *measures, expected=contextlib.nullcontext()):
        result, saved = {"seed": 1, "measurements": [], "skipped": []}, []
        cases = []
        for index, measure in enumerate(measures):
            case = Case()
            case.name, case.metrics, case.contenders, case.measure = "case-%d" % index, [Metric("speed", "MB/s", True)], ["culvert", "FTP"], measure
            cases.append(case)
        with contextlib.ExitStack() as stack:
            for name in ("Keys", "Files", "sshd"):
                stack.enter_context(mock.patch("compare.rounds.servers." + name, mock.MagicMock()))
            stack.enter_context(mock.patch("compare.rounds.absent", lambda *_: None))
            stack.enter_context(expected)
            rounds.run(cases, 3, 60, "", result, lambda: saved.append(len(result["measurements"])), lambda _: None)
        return types.SimpleNamespace(measured=[m["id"] for m in result["measurements"]], rounds=[m["rounds"] for m in result["measurements"]],
                                     skipped={skip["what"]: skip["why"] for skip in result["skipped"]}, saved=saved)

    def test_any_failure_is_the_failure_of_its_case_and_all_others_are_kept(self):
        def fails(stage, name):
            raise subprocess.CalledProcessError(1, "cc")

        done = self.run_cases(lambda stage, name: {"speed": 1}, fails, lambda stage, name: {"speed": 2})
        self.assertEqual(done.measured, ["case-0/speed", "case-2/speed"])
        self.assertIn("CalledProcessError", done.skipped["case-1: culvert"])
        self.assertEqual(done.saved, [1, 1, 2])

    def test_what_is_broken_off_keeps_its_whole_rounds(self):
        turns = []

        def ends(stage, name):
            turns.append(name)
            if len(turns) == 4:
                raise SystemExit(143)
            return {"speed": 1}

        done = self.run_cases(ends, lambda stage, name: {"speed": 2}, expected=self.assertRaises(SystemExit))
        self.assertEqual((done.measured, done.rounds, done.skipped, done.saved), (["case-0/speed"], [1], {"case-0": "broken off"}, [1]))


if __name__ == "__main__":
    unittest.main()
