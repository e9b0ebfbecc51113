"""A page of metrics that vLLM 0.32.0 gave after 98 requests, cut to the lines around those that count, is read."""

from pathlib import Path

from outcross.serving.asking.gauges import parse

PAGE = Path(__file__).with_name("vllm_metrics.txt").read_bytes()


def test_the_gauges_of_a_real_page_are_read():
    seen = parse(PAGE, "SmolLM2-135M-Instruct")
    assert seen is not None
    assert (seen.running, seen.waiting, seen.cache, seen.preemptions) == (0, 0, 0, 0)
    assert 0 < seen.queued < 1


def test_each_gauge_is_told_from_those_with_names_like_it():
    named = b'%s{engine="0",model_name="SmolLM2-135M-Instruct"} 0.0'
    page = PAGE
    for name, value in {b"running": b"31.0", b"waiting": b"5.0"}.items():
        gauge = named % (b"vllm:num_requests_" + name)
        assert page.count(gauge) == 1
        page = page.replace(gauge, gauge.replace(b" 0.0", b" " + value))
    seen = parse(page, "SmolLM2-135M-Instruct")
    assert (seen.running, seen.waiting) == (31, 5)
