"""The packages that drafting is held against."""

from benchmarks.environments import Peer

# distilabel imports requests, and takes openai for any server, and asks for neither.
DISTILABEL = Peer("distilabel==1.5.3", "by_distilabel.py", ("requests", "openai"))
DATA_DESIGNER = Peer("data-designer==0.9.6", "by_data_designer.py", ())
CURATOR = Peer("bespokelabs-curator==0.1.31", "by_curator.py", ())
SDG_HUB = Peer("sdg-hub==0.9.4", "by_sdg_hub.py", ())

QUIET = {
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "DISTILABEL_LOG_LEVEL": "WARNING",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "NEMO_TELEMETRY_ENABLED": "false",
    "TELEMETRY_ENABLED": "false",
}
"""So that they show little, send nothing and fetch nothing; all of it speeds them up."""
