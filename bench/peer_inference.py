"""The peers of compare_inference.py: transformers, ONNX Runtime, OpenVINO; reads a job on standard input, prints a line of JSON.

`"program": "export"` writes the ONNX files that the last two read: fp32, and int8 by dynamic quantization with one scale per column.
Sequences are grouped by length and padded to the longest of the batch, except for transformers-padded.
"""
import os
import pathlib
import time

import peer_models

INPUT_NAMES = ["input_ids", "attention_mask", "token_type_ids"]


def export(job):
    """Writes model.onnx and, where ONNX Runtime is installed, model-int8.onnx."""
    import torch

    folder = pathlib.Path(job["folder"])
    model = peer_models.make_model(job["size"], "squad").eval()
    model.config.return_dict = False
    example = tuple(torch.ones(2, 16, dtype=torch.long) for _ in INPUT_NAMES)
    axes = {name: {0: "batch", 1: "length"} for name in [*INPUT_NAMES, "start_logits", "end_logits"]}

    class Spans(torch.nn.Module):  # positional inputs in a fixed order
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask, token_type_ids):
            return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[:2]

    with torch.no_grad():
        torch.onnx.export(Spans().eval(), example, folder / "model.onnx", input_names=INPUT_NAMES,
                          output_names=["start_logits", "end_logits"], dynamic_axes=axes, opset_version=17, dynamo=False)
    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError:
        return
    quantize_dynamic(folder / "model.onnx", folder / "model-int8.onnx", weight_type=QuantType.QInt8, per_channel=True)


def make_transformers(job, precision):
    """bf16: weights converted once; autocast: fp32 weights, converted in every forward pass, as published scripts do."""
    import torch

    torch.set_num_threads(job["threads"])
    model = peer_models.make_model(job["size"], "squad").eval()
    if precision == "bf16":
        model.to(torch.bfloat16)

    def run(rows):
        ids, types, mask = (torch.tensor(row) for row in rows)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "autocast"):
            output = model(input_ids=ids, attention_mask=mask, token_type_ids=types)
        return output.start_logits.float().numpy(), output.end_logits.float().numpy()

    return run


def as_arrays(rows):
    import numpy

    ids, types, mask = (numpy.asarray(row, dtype=numpy.int64) for row in rows)
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def make_onnxruntime(job, file_name):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = job["threads"]
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(os.path.join(job["folder"], file_name), options, providers=["CPUExecutionProvider"])
    return lambda rows: session.run(None, as_arrays(rows))


def compile_openvino(job, precision, hint):
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": hint, "INFERENCE_NUM_THREADS": str(job["threads"])}
    return openvino.Core().compile_model(os.path.join(job["folder"], "model.onnx"), "CPU", settings)


def make_openvino(job, precision):
    """All threads work on one batch at a time."""
    compiled = compile_openvino(job, precision, "LATENCY")
    request = compiled.create_infer_request()

    def run(rows):
        outputs = request.infer(as_arrays(rows))
        return [outputs[port] for port in compiled.outputs]

    return run


def time_openvino_streams(job, precision, warm_up, batches):
    """Seconds for all batches with several in parallel, each on fewer threads: the number that OpenVINO chooses."""
    import openvino

    queue = openvino.AsyncInferQueue(compile_openvino(job, precision, "THROUGHPUT"))
    for _ in range(len(queue)):
        queue.start_async(as_arrays(warm_up))
    queue.wait_all()
    begin = time.perf_counter()
    for rows in batches:
        queue.start_async(as_arrays(rows))
    queue.wait_all()
    return time.perf_counter() - begin


PROGRAMS = {
    "transformers-bf16": lambda job: make_transformers(job, "bf16"),
    "transformers-autocast": lambda job: make_transformers(job, "autocast"),
    "transformers-padded": lambda job: make_transformers(job, "autocast" if job["precision"] == "bf16" else "fp32"),
    "transformers-fp32": lambda job: make_transformers(job, "fp32"),
    "onnxruntime-fp32": lambda job: make_onnxruntime(job, "model.onnx"),
    "onnxruntime-int8": lambda job: make_onnxruntime(job, "model-int8.onnx"),
    "openvino-bf16": lambda job: make_openvino(job, "bf16"),
    "openvino-fp32": lambda job: make_openvino(job, "f32"),
}


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def time_each(run, warm_up, batches):
    """Seconds of each batch."""
    run(warm_up)
    seconds = []
    for rows in batches:
        begin = time.perf_counter()
        run(rows)
        seconds.append(time.perf_counter() - begin)
    return seconds


def main():
    job = peer_models.read_job()
    if job["program"] == "export":
        export(job)
        print("{}")
        return
    warm_up, batches = peer_models.read_batches(job)
    rows = [peer_models.pad(batch, peer_models.padded_length(job, batch)) for batch in (warm_up, *batches)]
    if job["program"] == "openvino-bf16-streams":
        peer_models.report(job, batches, time_openvino_streams(job, "bf16", rows[0], rows[1:]))
        return
    seconds = time_each(PROGRAMS[job["program"]](job), rows[0], rows[1:])
    peer_models.report(job, batches, sum(seconds), {f"p{share}_ms": 1000 * percentile(seconds, share / 100) for share in (50, 99)})


if __name__ == "__main__":
    main()
