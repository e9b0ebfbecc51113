"""The packages that screening is held against."""

from pathlib import Path

from benchmarks.environments import Peer

PEERS = Path(__file__).parent / "peers"

DATATROVE = Peer("datatrove==0.10.0", "by_datatrove.py", ("spacy>=3.8,<4", "xxhash<4", "regex", "nltk", "tokenizers"))
# Its filters are some 7 % faster with pandas 2 than with 3, and it takes both.
NEMO = Peer(
    "nemo-curator==1.4.0",
    "by_nemo.py",
    ("ray>=2.57", "pandas<3", "pyarrow", "loguru", "attrs", "cattrs", "jinja2", "regex", "pyyaml"),
    ("nemo-curator==1.4.0", "cosmos-xenna==0.2.0"),
)
DATASKETCH = Peer("datasketch==2.0.0", "by_datasketch.py", ("xxhash",))
