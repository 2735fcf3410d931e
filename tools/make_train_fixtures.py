"""Writes tests/fixtures/train: what other programs write for the same events and the same trainer state.

    python tools/make_train_fixtures.py            # needs tensorboard and transformers

  scalars.tfevents    an event file encoded by TensorBoard's own protobuf classes and record writer
  trainer_state.json  a state saved by the Trainer's TrainerState.save_to_json
The tests compare our bytes with the first and our keys and values with the second.
"""

import pathlib

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.summary.writer.record_writer import RecordWriter
from transformers import TrainerState

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "train"
WALL_TIME = 1700000000.25
RESUMED_STEP = 40


def scalar(tag, value, step):
    value = summary_pb2.Summary.Value(tag=tag, simple_value=value)
    return event_pb2.Event(wall_time=WALL_TIME, step=step, summary=summary_pb2.Summary(value=[value]))


def text(tag, content, step):
    tensor = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_STRING,
        tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)]),
        string_val=[content.encode()],
    )
    plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
    value = summary_pb2.Summary.Value(
        tag=tag + "/text_summary", tensor=tensor, metadata=summary_pb2.SummaryMetadata(plugin_data=plugin)
    )
    return event_pb2.Event(wall_time=WALL_TIME, step=step, summary=summary_pb2.Summary(value=[value]))


def write_events(path):
    start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    events = [
        event_pb2.Event(wall_time=WALL_TIME, file_version="brain.Event:2"),
        event_pb2.Event(wall_time=WALL_TIME, step=RESUMED_STEP + 1, session_log=start),
        text("config", "seed: 42, straße", 0),
        scalar("train/loss", 2.5, 50),
        scalar("train/learning_rate", 3e-5, 50),
        scalar("train/loss", float("nan"), 60),
        scalar("train/loss", float("-inf"), 1 << 40),
        scalar("t" * 300, 0.0, 300),
    ]
    with open(path, "wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())


def write_trainer_state(path):
    TrainerState(
        epoch=1.28,
        global_step=800,
        max_steps=1250,
        logging_steps=100,
        eval_steps=400,
        save_steps=400,
        train_batch_size=32,
        num_train_epochs=2,
        num_input_tokens_seen=4567890123,
        total_flos=1.2345678901234567e16,
        log_history=[{"epoch": 0.64, "step": 400, "loss": 0.1 + 0.2, "learning_rate": 2.04e-05}],
        best_metric=88.51351351351352,
        best_global_step=400,
        best_model_checkpoint="out/checkpoint-400",
    ).save_to_json(str(path))


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_events(FOLDER / "scalars.tfevents")
    write_trainer_state(FOLDER / "trainer_state.json")
