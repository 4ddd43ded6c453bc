"""`python -m bench [--quick] [NAME ...]`: run the benchmarks, print the table, keep the figures and the plot."""

import argparse

from bench import report, suite
from bench.measure import Bench, Outcome


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller sizes")
    parser.add_argument("--date", default="", help="of the run, for the file of figures")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(suite.NAMES)}; all by default")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(suite.NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    bench = Bench(quick=arguments.quick)
    outcomes: dict[str, Outcome] = {}
    for name in arguments.names or suite.NAMES:
        bench.progress(f"{name}:")
        outcomes[name] = suite.run(name, bench)
    report.show(outcomes)
    if not arguments.names:
        report.keep(outcomes, quick=bench.quick, date=arguments.date)


if __name__ == "__main__":
    main()
