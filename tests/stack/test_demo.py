import csv
import re
import subprocess
import sys

from local import PROJECT

OUTPUT = re.compile(
    r"""Starting the stack on this machine \.\.\.
Ready at http://127\.0\.0\.1:\d+/ after \d+\.\d s
Created the promotion 'Summer sale': [0-9a-f-]{36}
Generating 100,000 codes with the prefix 'summer'
(Generating: .+
)*Generating: 100 %  100,000 of 100,000
Generated in \d+\.\d s: [\d,]+ codes a second
Exporting them to a file
(Exporting: .+
)+Exported in \d+\.\d s
Downloaded 100,000 rows to \.local/demo/codes\.csv; the first 5:
(  summer-\S+
){5}
To go on by hand: run `make serve` in another terminal, then

API=http://127\.0\.0\.1:8080
(.+
)+"""
)


def test_the_demo_ends_with_a_file_of_a_hundred_thousand_different_codes() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "local.demo"], check=False, cwd=PROJECT, capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert OUTPUT.fullmatch(ended.stdout)
    with (PROJECT / ".local/demo/codes.csv").open(newline="") as file:
        codes = [row["code"] for row in csv.DictReader(file)]
    assert (len(codes), len(set(codes))) == (100_000, 100_000)
