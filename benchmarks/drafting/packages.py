"""The packages that drafting is held against."""

from benchmarks.environments import Peer

# distilabel imports requests, and takes openai for any server, and asks for neither.
DISTILABEL = Peer("distilabel==1.5.3", "by_distilabel.py", ("requests", "openai"))
DATA_DESIGNER = Peer("data-designer==0.9.6", "by_data_designer.py", ())
CURATOR = Peer("bespokelabs-curator==0.1.31", "by_curator.py", ())
SDG_HUB = Peer("sdg-hub==0.9.4", "by_sdg_hub.py", ())
