#!/usr/bin/env bash
# For a machine with an NVIDIA GPU: sets up the stock vLLM, runs the tests against it, and measures throughput.
#
#     benchmarks/gpu.sh [MODEL]
#
# MODEL is a folder of weights, or a name that vLLM knows; without one, the built-in weights are measured. The tests
# always use those. Needs make, a Python 3.11 to 3.13, a package index, and 15 GB of disk. PYTHON names another Python.
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-}
python=${PYTHON:-python3}
port=8000
export VLLM_ENV=.vllm-gpu
export OUTCROSS_VLLM_PYTHON=$PWD/$VLLM_ENV/bin/python
export OUTCROSS_HOME=$PWD/.outcross-gpu
export OUTCROSS_MODEL_DEPTH=0

echo "== The card"
nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader || { echo "No NVIDIA GPU answers here."; exit 1; }

echo "== Setting up the stock vLLM, and what unpacks the built-in weights, in $VLLM_ENV"
make PYTHON="$python" .venv/ready
if [ ! -e "$VLLM_ENV/ready" ]; then
  "$python" -m venv "$VLLM_ENV"
  "$OUTCROSS_VLLM_PYTHON" -m pip install --quiet 'vllm>=0.30' gguf accelerate
  touch "$VLLM_ENV/ready"
fi
"$OUTCROSS_VLLM_PYTHON" -c 'import torch, vllm; print("vLLM", vllm.__version__, "PyTorch", torch.__version__)'

echo "== The tests against the real server"
.venv/bin/pytest -m vllm -q

echo "== Throughput"
mkdir -p "$OUTCROSS_HOME"
log=$OUTCROSS_HOME/serve.out
# shellcheck disable=SC2086  # without a model there is no argument
.venv/bin/outcross serve $model --engine vllm --port "$port" >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true' EXIT
until grep -q export "$log"; do
  kill -0 "$server" 2>/dev/null || { cat "$log"; exit 1; }
  sleep 2
done
export OUTCROSS_BASE_URL=http://127.0.0.1:$port/v1
OUTCROSS_API_KEY=$(cat "$OUTCROSS_HOME/servers/$port.key")
export OUTCROSS_API_KEY
for concurrency in 32 128 512; do
  PYTHONPATH=. .venv/bin/python benchmarks/vllm_throughput.py ${model:+--tokenizer "$model"} \
    --concurrency "$concurrency" --requests $((concurrency * 16)) --words 200 --tokens 256 --turns 5
done
