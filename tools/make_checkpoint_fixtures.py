#!/usr/bin/env python3
"""Writes tests/fixtures/checkpoint: small weight files made by safetensors and PyTorch, and files that lie.

Usage: python tools/make_checkpoint_fixtures.py [output folder]

What the two libraries write and how they judge is the truth of the tests. The hostile files would touch the file
`retort_canary` in the working folder if anything in them were ever run.
"""

import argparse
import io
import json
import os
import pathlib
import pickle
import struct
import sys
import tarfile
import zipfile
from collections import OrderedDict

import torch
from safetensors import SafetensorError, deserialize
from safetensors.torch import save_file

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "tests/fixtures/checkpoint")


def write_safetensors_files():
    values = [0, 1, 2, 5]
    kinds = [torch.int64, torch.float64, torch.float32, torch.int32, torch.bfloat16, torch.float16, torch.int16, torch.int8,
             torch.uint8, torch.bool]
    tensors = {f"kind.{str(kind).split('.')[1]}": torch.tensor(values).to(kind) for kind in kinds}
    tensors |= {"a scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3), 'quote " slash / é \x01': torch.ones(2, 2)}
    save_file(tensors, ROOT / "all_types.safetensors", metadata={"format": "pt"})

    halves = torch.tensor([0, 1, 2, 0x3FF, 0x400, 0x401, 0x3C00, 0x3555, 0x7BFF, 0x7C00, 0x7E01, 0x8000, 0x8001, 0x83FF,
                           0xBC00, 0xFBFF, 0xFC00], dtype=torch.int32).to(torch.uint16).view(torch.float16)
    doubles = torch.tensor([0.1, 1 / 3, 1e300, -1e-50, 1 + 2**-24, 1 + 3 * 2**-24, float("inf"), float("nan")], dtype=torch.float64)
    singles = torch.tensor([0.1, 1 / 3, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, 3.4e38, -3.3961776e38, 1e-40, -0.0, float("inf"),
                            float("-inf"), float("nan"), 65504, 123456.789])
    save_file({"half": halves, "half.single": halves.float(), "bfloat": singles.bfloat16(),
               "bfloat.single": singles.bfloat16().float(), "double": doubles, "double.single": doubles.float(),
               "single": singles}, ROOT / "conversions.safetensors")


def safetensors_file(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def write_safetensors_cases():
    """Every way a header can be wrong, with the verdict of the safetensors library."""
    one = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    two = {**one, "data_offsets": [4, 8]}
    text = json.dumps(one).encode()
    good = safetensors_file({"w": one}, b"1234")
    cases = {
        "good": good,
        "no_bytes": b"",
        "seven_bytes": b"\0" * 7,
        "header_longer_than_format_allows": struct.pack("<Q", 100_000_001) + b"{}",
        "header_length_2_to_64": struct.pack("<Q", 2**64 - 1) + b"{}",
        "header_longer_than_file": struct.pack("<Q", 1000) + b"{}",
        "header_empty": safetensors_file(b""),
        "header_starts_with_space": safetensors_file(b" " + json.dumps({"w": one}).encode(), b"1234"),
        "header_is_list": safetensors_file([]),
        "header_not_json": safetensors_file(b"{]"),
        "header_cut": safetensors_file(json.dumps({"w": one}).encode()[:-1], b"1234"),
        "header_followed_by_nul": safetensors_file(json.dumps({"w": one}).encode() + b"\0", b"1234"),
        "header_not_utf8": safetensors_file(b'{"\xff":' + text + b"}", b"1234"),
        "header_deep": safetensors_file(b'{"w":' + b"[" * 200 + b"]" * 200 + b"}", b"1234"),
        "header_deep_objects": safetensors_file(b'{"w":' + b'{"dtype":' * 200 + b"1" + b"}" * 201, b"1234"),
        "no_tensors": safetensors_file({}),
        "tensor_twice": safetensors_file(b'{"w":' + text + b',"w":' + text + b"}", b"1234"),
        "metadata_twice": safetensors_file(b'{"__metadata__":{},"__metadata__":{},"w":' + text + b"}", b"1234"),
        "metadata_key_twice": safetensors_file(b'{"__metadata__":{"a":"","a":""},"w":' + text + b"}", b"1234"),
        "metadata_number": safetensors_file({"__metadata__": {"a": 1}, "w": one}, b"1234"),
        "name_with_nul": safetensors_file({"a\0b": one}, b"1234"),
        "field_twice": safetensors_file(b'{"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"1234"),
        "field_unknown": safetensors_file({"w": {**one, "more": 1}}, b"1234"),
        "field_missing": safetensors_file({"w": {"dtype": "F32", "shape": [1]}}, b"1234"),
        "dtype_unknown": safetensors_file({"w": {**one, "dtype": "F31"}}, b"1234"),
        "dtype_number": safetensors_file({"w": {**one, "dtype": 32}}, b"1234"),
        "shape_negative": safetensors_file({"w": {**one, "shape": [-1]}}, b"1234"),
        "shape_fraction": safetensors_file({"w": {**one, "shape": [1.0]}}, b"1234"),
        "shape_2_to_63": safetensors_file({"w": {**one, "shape": [2**63]}}, b"1234"),
        "shape_2_to_64": safetensors_file({"w": {**one, "shape": [2**64]}}, b"1234"),
        "shape_product_overflows": safetensors_file({"w": {**one, "shape": [2**32, 2**32]}}, b"1234"),
        "shape_bytes_overflow": safetensors_file({"w": {**one, "shape": [2**62]}}, b"1234"),
        "shape_too_large": safetensors_file({"w": {**one, "shape": [2]}}, b"1234"),
        "offsets_one": safetensors_file({"w": {**one, "data_offsets": [0]}}, b"1234"),
        "offsets_three": safetensors_file({"w": {**one, "data_offsets": [0, 4, 8]}}, b"1234"),
        "offsets_negative": safetensors_file({"w": {**one, "data_offsets": [-4, 0]}}, b"1234"),
        "offsets_backward": safetensors_file({"w": {**one, "data_offsets": [4, 0]}}, b"1234"),
        "offsets_past_end": safetensors_file({"w": one, "x": two}, b"123456"),
        "offsets_overlap": safetensors_file({"w": one, "x": one}, b"1234"),
        "offsets_hole": safetensors_file({"w": one, "x": {**one, "data_offsets": [5, 9]}}, b"123456789"),
        "bytes_after_last": safetensors_file({"w": one}, b"12345"),
        "git_lfs_pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n",
    }
    rows = []
    for name, content in cases.items():
        try:
            deserialize(content)
            accepted = True
        except SafetensorError:
            accepted = False
        rows.append({"case": name, "reference_accepts": accepted, "hex": content.hex()})
    (ROOT / "safetensors_cases.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def make_state():
    base = torch.arange(6.0).view(2, 3)
    shared = torch.arange(10, dtype=torch.float16)
    return OrderedDict([("bert.plain", base), ("bert.turned", base.t()), ("bert.part", shared[4:8].view(2, 2)),
                        ("bert.every_other", shared[::2]), ("bert.parameter", torch.nn.Parameter(torch.tensor([0.5, -2.0]))),
                        ("bert.bfloat", torch.tensor([1.5, 3.0], dtype=torch.bfloat16)), ("bert.ids", torch.arange(4).expand(1, -1)),
                        ("bert.scalar", torch.tensor(7, dtype=torch.int32)), ("bert.empty", torch.zeros(0, 2)),
                        ("bert.flags", torch.tensor([True, False])), ("bert.double", torch.tensor([0.1], dtype=torch.float64))])


def write_torch_files():
    state = make_state()
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in state.items()}, ROOT / "torch_expected.safetensors")
    module = torch.nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(module.parameters())
    module(torch.ones(1)).backward()
    optimizer.step()
    torch.save(state, ROOT / "plain.bin")
    torch.save(state, ROOT / "protocol_4.pt", pickle_protocol=4)
    torch.save(state, ROOT / "protocol_5.pt", pickle_protocol=5)
    small = OrderedDict([("w", torch.tensor([1.0, 2.0]))])
    torch.save({"model": small, "step": 3, "rate": 1e-4, "files": ["a", "b"], "large": 2**80, "nothing": None, "set": {1, 2}},
               ROOT / "wrapped_model.pt")
    torch.save({"model": small, "optimizer": optimizer.state_dict()}, ROOT / "wrapped_optimizer.pt")
    torch.save({"state_dict": {"module": small}, "size": torch.Size([2, 3])}, ROOT / "wrapped_twice.pt")
    torch.save({"model": small, "kind": argparse.Namespace}, ROOT / "names_a_class.pt")
    torch.save({"model": small, "arguments": argparse.Namespace(seed=1)}, ROOT / "holds_an_object.pt")
    torch.save(module.state_dict(), ROOT / "with_metadata.pt")
    torch.save(small, ROOT / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 1}, ROOT / "no_tensors.pt")
    torch.save({"w": torch.zeros(2, dtype=torch.complex64)}, ROOT / "complex.pt")
    torch.save({"w": torch.zeros(1).expand(1000)}, ROOT / "expanded.pt")


def write_torch_sequences():
    """The form before PyTorch 1.6, with every protocol of pickle; PyTorch itself reads back those from 2 on."""
    for protocol in range(6):
        path = ROOT / f"sequence_protocol_{protocol}.bin"
        torch.save(make_state(), path, _use_new_zipfile_serialization=False, pickle_protocol=protocol)
        if protocol >= 2:
            torch.load(path, weights_only=False)
    large = OrderedDict([("w", torch.tensor([1.0, 2.0])), ("naïve Ω \U0001F600", torch.tensor([3.0]))])
    torch.save({"state_dict": large, "step": 2**70, "rate": 0.5, "done": True}, ROOT / "sequence_names.bin",
               _use_new_zipfile_serialization=False, pickle_protocol=0)


def zip_file(pickle_bytes, storages=None, extra=(), compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        entries = [("a/data.pkl", pickle_bytes), *((f"a/data/{key}", data) for key, data in (storages or {}).items()), *extra]
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return buffer.getvalue()


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def integer(value):
    raw = value.to_bytes(9, "little", signed=True) if value >= 2**63 else value.to_bytes(8, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def sizes(values):
    return b"(" + b"".join(map(integer, values)) + b"t"


def storage(key="0", count=4, kind="FloatStorage", part=b""):
    return b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu") + integer(count) + part + b"tQ"


def tensor(shape, strides, offset=0, **of_storage):
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage(**of_storage) + integer(offset) + sizes(shape) + sizes(strides) +
            b"\x89ccollections\nOrderedDict\n)RtR")


def state(*pairs):
    return b"\x80\x02}(" + b"".join(text(name) + value for name, value in pairs) + b"u."


def sequence_file(object_pickle, storages, keys=None, version=1001):
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    head = b"".join(pickle.dumps(value, protocol=2) for value in (0x1950A86A20F9469CFC6C, version, machine))
    keys = pickle.dumps(list(storages) if keys is None else keys, protocol=2)
    return head + object_pickle + keys + b"".join(struct.pack("<q", count) + data for count, data in storages.values())


class RunsCommand:
    def __reduce__(self):
        return os.system, ("touch retort_canary",)


class Evaluates:
    def __reduce__(self):
        return eval, ("open('retort_canary', 'w')",)


def write_hostile_torch_files():
    four = {"0": struct.pack("<4f", 1, 2, 3, 4)}
    good_pickle = state(("w", tensor([2, 2], [2, 1])))
    good = zip_file(good_pickle, four)
    directory = good.index(b"PK\1\2")
    end = good.index(b"PK\5\6")

    def patched(position, data, content=good):
        return content[:position] + data + content[position + len(data):]

    def with_zip64(directory_begin):
        record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 2, 2, end - directory, directory_begin)
        locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
        return good[:end] + record + locator + patched(end + 8, b"\xff" * 12)[end:]

    cases = {
        "handmade": good,
        "handmade_zip64": with_zip64(directory),
        "run_reduce": zip_file(pickle.dumps({"w": RunsCommand()}, protocol=2)),
        "run_reduce_protocol_4": zip_file(pickle.dumps({"w": RunsCommand()}, protocol=4)),
        "run_os_system": zip_file(b"\x80\x02cos\nsystem\n" + text("touch retort_canary") + b"\x85R."),
        "run_eval": zip_file(pickle.dumps([Evaluates()], protocol=2)),
        "run_new_object": zip_file(b"\x80\x02csubprocess\nPopen\n" + text("touch retort_canary") + b"\x85\x81."),
        "run_instance": zip_file(b"\x80\x02(" + text("touch retort_canary") + b"ios\nsystem\n."),
        "run_state": zip_file(b"\x80\x02cos\nsystem\n}b."),
        "pickle_protocol_0": zip_file(pickle.dumps({"w": 1}, protocol=0)),
        "pickle_protocol_9": zip_file(b"\x80\x09}."),
        "pickle_cut": zip_file(good_pickle[:-20], four),
        "pickle_text_2_to_63": zip_file(b"\x80\x04\x8d" + struct.pack("<Q", 2**63) + b"w."),
        "pickle_memo_2_to_32": zip_file(b"\x80\x02}r" + b"\xff" * 4 + b"."),
        "pickle_recalls_nothing": zip_file(b"\x80\x02h\x05."),
        "pickle_stack_empty": zip_file(b"\x80\x02u."),
        "pickle_pops_mark": zip_file(b"\x80\x02}(s."),
        "pickle_goes_on": zip_file(b"\x80\x02}.}."),
        "pickle_cycle": zip_file(b"\x80\x02}q\0(" + text("model") + b"h\0u."),
        "pickle_deep": zip_file(b"\x80\x02" + b"]" * 900 + b"a" * 899 + b"."),
        "pickle_multiplies": zip_file(b"\x80\x02" + b"((" + b"N" * 100 + b"tq\0" + b"ctorch\nSize\nh\0\x85R" * 8 + b"t."),
        "tensor_outside": zip_file(state(("w", tensor([2, 3], [3, 1]))), four),
        "tensor_offset_outside": zip_file(state(("w", tensor([1], [1], offset=4))), four),
        "tensor_offset_negative": zip_file(state(("w", tensor([1], [1], offset=-1))), four),
        "tensor_shape_negative": zip_file(state(("w", tensor([-1], [1]))), four),
        "tensor_stride_negative": zip_file(state(("w", tensor([2], [-1], offset=1))), four),
        "tensor_shape_overflows": zip_file(state(("w", tensor([2**40, 2**40], [0, 0]))), four),
        "tensor_stride_overflows": zip_file(state(("w", tensor([4, 4], [2**62, 2**62]))), four),
        "tensor_stride_of_one": zip_file(state(("w", tensor([1, 2, 2], [2**62, 1, 2]))), four),
        "tensor_bomb": zip_file(state(("w", tensor([2**20, 2**20], [0, 0]))), four),
        "tensor_large_integer": zip_file(state(("w", tensor([2**63], [1]))), four),
        "tensor_strides_missing": zip_file(state(("w", tensor([2, 2], [1]))), four),
        "tensor_twice": zip_file(state(("w", tensor([4], [1])), ("w", tensor([4], [1]))), four),
        "tensor_65_dimensions": zip_file(state(("w", tensor([1] * 65, [1] * 65))), four),
        "tensor_copies": zip_file(b"\x80\x02}(" + text("w0") + tensor([12, 12], [1, 12], count=144) + b"q\0" +
                                  b"".join(text(f"w{i}") + b"h\0" for i in range(1, 40)) + b"u.", {"0": b"\0" * 576}),
        "storage_missing": zip_file(state(("w", tensor([4], [1], key="7"))), four),
        "storage_short": zip_file(state(("w", tensor([4], [1], count=5))), four),
        "storage_2_to_62": zip_file(state(("w", tensor([4], [1], count=2**62))), four),
        "storage_path": zip_file(state(("w", tensor([4], [1], key="../../etc/passwd"))), four),
        "zip_compressed": zip_file(good_pickle, four, compression=zipfile.ZIP_DEFLATED),
        "zip_wrong_checksum": patched(good.index(four["0"]), b"\x01"),
        "zip_cut": good[: len(good) // 2],
        "zip_cut_at_end": good[:-1],
        "zip_path_up": zip_file(good_pickle, four, extra=[("a/../../evil", b"")]),
        "zip_path_absolute": zip_file(good_pickle, four, extra=[("/etc/evil", b"")]),
        "zip_name_twice": zip_file(good_pickle, four, extra=[("a/data/0", four["0"])]),
        "zip_size_lies": patched(directory + 20, struct.pack("<II", 2**31, 2**31)),
        "zip_sizes_differ": patched(directory + 20, struct.pack("<I", 1)),
        "zip_encrypted": patched(directory + 8, b"\x01"),
        "zip_entry_outside": patched(directory + 42, struct.pack("<I", 2**31)),
        "zip_entry_elsewhere": patched(directory + 42, struct.pack("<I", 10)),
        "zip_directory_outside": patched(end + 16, struct.pack("<I", 2**31)),
        "zip_more_entries": patched(end + 8, struct.pack("<HH", 9, 9)),
        "zip_fewer_entries": patched(end + 8, struct.pack("<HH", 1, 1)),
        "zip_two_disks": patched(end + 4, b"\x01"),
        "zip64_directory_outside": with_zip64(2**63),
        "zip_of_something_else": zip_of("word/document.xml", b"<w/>"),
        "zip_torchscript": zip_file(good_pickle, four, extra=[("a/constants.pkl", b"")]),
        "zip_big_endian": zip_file(good_pickle, four, extra=[("a/byteorder", b"big")]),
        "not_a_zip": b"hello",
        "git_lfs_pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n",
    }
    # Two entries over the same bytes: the pickle's entry is made to reach over the storage's.
    first_size = struct.unpack("<I", good[18:22])[0]
    over = struct.pack("<II", first_size + 40, first_size + 40)
    cases["zip_overlap"] = patched(18, over, patched(directory + 20, over))
    folder = ROOT / "hostile"
    folder.mkdir(exist_ok=True)
    for name, content in cases.items():
        (folder / f"{name}.pt").write_bytes(content)


def tar_file():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


def write_hostile_sequences():
    four = {"0": (4, struct.pack("<4f", 1, 2, 3, 4))}
    plain = state(("w", tensor([2, 2], [2, 1])))
    part = lambda begin, count: b"(" + text("0_part") + integer(begin) + integer(count) + b"t"
    persid = lambda reference: b"(dVw\nctorch._utils\n_rebuild_tensor_v2\n(P" + reference + b"\nI0\n(I2\nt(I1\ntI00\nc__builtin__\ndict\n)tRs."
    cases = {
        "handmade": sequence_file(plain, four),
        "trailing": sequence_file(plain, four) + b"\0" * 5,
        "none": sequence_file(state(("w", tensor([2, 2], [2, 1], part=b"N"))), four),
        "part": sequence_file(state(("w", tensor([2], [1], part=part(1, 2)))), four),
        "parameter": sequence_file(state(("w", b"ctorch.nn.parameter\nParameter\n(" + tensor([4], [1]) + b"\x88tR")), four),
        "part_outside": sequence_file(state(("w", tensor([2], [1], part=part(3, 2)))), four),
        "part_too_long": sequence_file(state(("w", tensor([2], [1], part=part(2**62, 2**62)))), four),
        "part_smaller_than_tensor": sequence_file(state(("w", tensor([3], [1], part=part(1, 2)))), four),
        "part_odd": sequence_file(state(("w", tensor([2], [1], part=b")"))), four),
        "version": sequence_file(plain, four, version=1002),
        "version_text": sequence_file(plain, four, version="1001"),
        "runs": sequence_file(pickle.dumps({"w": RunsCommand()}, protocol=2), {}),
        "module": sequence_file(b"\x80\x02(" + text("module") + b"ctorch.nn\nLinear\n" + text("a.py") + text("code") + b"tQ.", {}),
        "module_protocol_0": sequence_file(b"P('module', <class 'torch.nn.Linear'>, 'a.py', 'code')\n.", {}),
        "persid_odd": sequence_file(persid(b"('storage', <class 'torch.FloatStorage'>, '0', 'cpu', 4, ('0_part', 1, 2))"), four),
        "persid_cut": sequence_file(persid(b"('storage', <class 'torch.FloatStorage'>, '0"), four),
        "short": sequence_file(plain, four)[:-1],
        "count_differs": sequence_file(plain, {"0": (5, four["0"][1])}),
        "count_negative": sequence_file(state(("w", tensor([2, 2], [2, 1]))), {"0": (-4, b"")}),
        "count_2_to_62": sequence_file(state(("w", tensor([4], [1], count=2**62))), {"0": (2**62, b"")}),
        "count_2_to_60": sequence_file(state(("w", tensor([4], [1], count=2**60))), {"0": (2**60, b"")}),
        "key_unknown": sequence_file(plain, four, keys=["9"]),
        "key_number": sequence_file(plain, four, keys=[0]),
        "key_twice": sequence_file(plain, four, keys=["0", "0"]) + struct.pack("<q", 4) + four["0"][1],
        "key_missing": sequence_file(plain, {}),
        "keys_no_list": sequence_file(plain, {}, keys={}),
        "two_sizes": sequence_file(state(("v", tensor([2], [1], count=2)), ("w", tensor([4], [1]))), four),
        "unknown_type": sequence_file(state(("w", tensor([4], [1], kind="SparseStorage"))), four),
        "complex": sequence_file(state(("w", tensor([1], [1], kind="ComplexFloatStorage", count=1))), {"0": (1, b"\0" * 8)}),
        "only_the_number": sequence_file(plain, four)[:15],
    }
    for name, content in cases.items():
        (ROOT / "hostile" / f"sequence_{name}.pt").write_bytes(content)
    (ROOT / "hostile" / "tar_archive.pt").write_bytes(tar_file())


def zip_of(name, data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def write_sharded_folders():
    """Folders whose weights are split, and lists that lie about it."""
    parts = {"model-00001-of-00002": {"a": torch.tensor([1.0])}, "model-00002-of-00002": {"b": torch.tensor([2.0]), "c": torch.tensor([3.0])}}
    tensors = {name: part for part, state_dict in parts.items() for name in state_dict}

    def write(folder, ending, index_name, weight_map, left_out=()):
        path = ROOT / "sharded" / folder
        path.mkdir(parents=True, exist_ok=True)
        for part, state_dict in parts.items():
            if part in left_out:
                continue
            if ending == "safetensors":
                save_file(state_dict, path / f"{part}.{ending}", metadata={"format": "pt"})
            else:
                torch.save(state_dict, path / f"{part}.{ending}")
        index = {"metadata": {"total_size": 12, "more": [{"nested": [1, None, True, "x"]}]}, "weight_map": weight_map}
        (path / index_name).write_text(json.dumps(index, indent=2) + "\n")

    good = {name: f"{part}.safetensors" for name, part in tensors.items()}
    index_name = "model.safetensors.index.json"
    write("good", "safetensors", index_name, good)
    write("good_bin", "bin", "pytorch_model.bin.index.json", {name: f"{part}.bin" for name, part in tensors.items()})
    write("shard_missing", "safetensors", index_name, good, left_out=["model-00002-of-00002"])
    write("tensor_missing", "safetensors", index_name, {**good, "d": good["a"]})
    write("tensor_elsewhere", "safetensors", index_name, {**good, "b": good["a"]})


def write_names():
    """The names that transformers gives to the parameters, for each model and one layer."""
    from transformers import (BertConfig, BertForPreTraining, BertForQuestionAnswering, BertModel, DistilBertConfig,
                              DistilBertForMaskedLM, DistilBertModel)
    bert = BertConfig(vocab_size=8, hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4)
    distilbert = DistilBertConfig(vocab_size=8, dim=4, n_layers=1, n_heads=1, hidden_dim=4)
    models = [BertModel(bert), BertForPreTraining(bert), BertForQuestionAnswering(bert), DistilBertModel(distilbert),
              DistilBertForMaskedLM(distilbert)]
    names = {type(model).__name__: [name for name, _ in model.named_parameters()] for model in models}
    states = {type(model).__name__: list(model.state_dict()) for model in models}
    (ROOT / "names.json").write_text(json.dumps({"parameters": names, "states": states}, indent=1) + "\n")


def main():
    torch.manual_seed(1)
    ROOT.mkdir(parents=True, exist_ok=True)
    write_safetensors_files()
    write_safetensors_cases()
    write_torch_files()
    write_torch_sequences()
    write_hostile_torch_files()
    write_hostile_sequences()
    write_sharded_folders()
    write_names()


if __name__ == "__main__":
    main()
