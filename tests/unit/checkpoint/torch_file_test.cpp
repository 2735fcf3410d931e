// PyTorch files against PyTorch: what torch.save wrote is read with the values that torch had; hostile files are
// refused, and nothing in them is run.
#include "retort/checkpoint/torch_file.h"

#include "retort/checkpoint/safetensors.h"
#include "unit/checkpoint/checkpoint_fixtures.h"

namespace retort::checkpoint {
namespace {

std::string message_for(const std::string& fixture) {
  const std::string content = read_file(fixture_path(fixture));
  return message_of([&] { parse_torch_file(as_bytes_of(content), "FILE"); });
}

std::vector<float> only_values(const std::string& fixture) {
  const TorchFile file(fixture_path(fixture));
  EXPECT_EQ(file.tensors().size(), 1u) << fixture;
  EXPECT_EQ(file.tensors().at(0).name, "w") << fixture;
  return values_of<float>(file.tensors().at(0));
}

TEST(TorchFileTest, ReadsWhatTorchSaves) {
  const SafetensorsFile expected(fixture_path("torch_expected.safetensors"));
  for (const char* name :
       {"plain.bin", "protocol_4.pt", "protocol_5.pt", "sequence_protocol_0.bin", "sequence_protocol_1.bin",
        "sequence_protocol_2.bin", "sequence_protocol_3.bin", "sequence_protocol_4.bin", "sequence_protocol_5.bin"}) {
    TorchFile moved_from(fixture_path(name));
    const TorchFile file = std::move(moved_from);
    ASSERT_EQ(file.tensors().size(), expected.tensors().size()) << name;
    EXPECT_EQ(file.tensors().front().name, "bert.plain");
    for (const NamedTensor& tensor : file.tensors()) {
      const NamedTensor& truth = tensor_named(expected.tensors(), tensor.name);
      EXPECT_EQ(tensor.dtype, truth.dtype) << name << " " << tensor.name;
      EXPECT_EQ(tensor.shape, truth.shape) << name << " " << tensor.name;
      EXPECT_TRUE(std::ranges::equal(tensor.bytes, truth.bytes)) << name << " " << tensor.name;
    }
  }
}

TEST(TorchFileTest, FindsTheModelInsideACheckpoint) {
  for (const char* name :
       {"wrapped_model.pt", "wrapped_optimizer.pt", "wrapped_twice.pt", "names_a_class.pt", "legacy.bin"}) {
    EXPECT_EQ(only_values(name), (std::vector<float>{1, 2})) << name;
  }
  EXPECT_EQ(TorchFile(fixture_path("with_metadata.pt")).tensors().size(), 2u);
}

// Protocol 0 escapes what is not ASCII.
TEST(TorchFileTest, ReadsNamesInEveryScript) {
  const TorchFile file(fixture_path("sequence_names.bin"));
  ASSERT_EQ(file.tensors().size(), 2u);
  EXPECT_EQ(file.tensors().at(1).name, "naïve Ω \U0001F600");
  EXPECT_EQ(values_of<float>(file.tensors().at(1)), (std::vector<float>{3}));
}

TEST(TorchFileTest, ReadsHandmadeArchives) {
  const std::vector<float> expected = {1, 2, 3, 4};
  EXPECT_EQ(only_values("hostile/handmade.pt"), expected);
  EXPECT_EQ(only_values("hostile/handmade_zip64.pt"), expected);
  EXPECT_EQ(only_values("hostile/tensor_stride_of_one.pt"), (std::vector<float>{1, 3, 2, 4}));
  for (const char* name : {"handmade", "trailing", "none", "parameter"})
    EXPECT_EQ(only_values(fmt::format("hostile/sequence_{}.pt", name)), expected);
  EXPECT_EQ(only_values("hostile/sequence_part.pt"), (std::vector<float>{2, 3}));
}

// What a refusal says, for each fixture.
const std::vector<std::pair<std::string, std::string>> kRefusals = {
    {"no_tensors.pt",
     "`FILE` must hold a dictionary of tensors, directly or under \"model\", \"state_dict\", "
     "\"model_state_dict\" or \"module\", but holds none; save the model's state_dict"},
    {"complex.pt", "but is in a ComplexFloatStorage; convert the model"},
    {"expanded.pt",
     "tensor `w` of `FILE` must have its own elements, but repeats 1 of them to 1000; call contiguous()"},
    {"holds_an_object.pt", "contains a call of `argparse.Namespace`, which this reader never runs"},
    {"hostile/run_reduce.pt",
     "`FILE` must hold only tensors and plain values, but contains a call of `posix.system`, which "
     "this reader never runs; if you trust the file, load it in PyTorch and save its tensors as "
     "safetensors"},
    {"hostile/run_reduce_protocol_4.pt", "contains a call of `posix.system`, which this reader never runs"},
    {"hostile/run_os_system.pt", "contains a call of `os.system`, which this reader never runs"},
    {"hostile/run_eval.pt", "contains a call of `__builtin__.eval`, which this reader never runs"},
    {"hostile/run_new_object.pt", "contains a call of `subprocess.Popen`, which this reader never runs"},
    {"hostile/run_instance.pt", "use only opcodes of plain values and tensors, but uses 0x69 at byte 27"},
    {"hostile/run_state.pt", "must set the state of dictionaries and tensors only, but sets that of another object"},
    {"hostile/pickle_protocol_0.pt", "must hold a dictionary of tensors"},
    {"hostile/pickle_protocol_9.pt", "must have a protocol from 0 to 5, but has 9"},
    {"hostile/pickle_cut.pt", "`FILE` must have 11 more bytes after byte 159, but has 10"},
    {"hostile/pickle_text_2_to_63.pt", "must have 9223372036854775808 more bytes after byte 11, but has 2"},
    {"hostile/pickle_memo_2_to_32.pt", "must memoize at most 2000000 values, but uses the index 4294967295"},
    {"hostile/pickle_recalls_nothing.pt", "must read only memoized values, but reads 5"},
    {"hostile/pickle_stack_empty.pt", "must have a mark for the opcode at byte 2, but has none"},
    {"hostile/pickle_pops_mark.pt", "must have a value on the stack for the opcode at byte 4, but has none"},
    {"hostile/pickle_goes_on.pt", "must end with one value, but goes on"},
    {"hostile/pickle_cycle.pt", "must hold a dictionary of tensors"},
    {"hostile/pickle_deep.pt", "must hold a dictionary of tensors"},
    {"hostile/pickle_multiplies.pt",
     "the call of `torch.Size` in the pickle of `FILE` must have at most 64 dimensions"},
    {"hostile/tensor_outside.pt",
     "tensor `w` of `FILE` must lie inside its storage of 4 elements, but has shape [2, 3], "
     "strides [3, 1] and offset 0; the file is damaged: download it or save it again"},
    {"hostile/tensor_offset_outside.pt", "has shape [1], strides [1] and offset 4"},
    {"hostile/tensor_offset_negative.pt", "must have sizes that are non-negative integers"},
    {"hostile/tensor_shape_negative.pt", "must have sizes that are non-negative integers"},
    {"hostile/tensor_stride_negative.pt", "must have sizes that are non-negative integers"},
    {"hostile/tensor_shape_overflows.pt", "must lie inside its storage of 4 elements"},
    {"hostile/tensor_stride_overflows.pt", "must lie inside its storage of 4 elements"},
    {"hostile/tensor_bomb.pt", "must have its own elements, but repeats 4 of them to 1099511627776"},
    {"hostile/tensor_large_integer.pt", "must have sizes that are non-negative integers"},
    {"hostile/tensor_strides_missing.pt", "must have as many strides as dimensions"},
    {"hostile/tensor_twice.pt", "tensor `w` must be in `FILE` once, but is there twice"},
    {"hostile/tensor_65_dimensions.pt", "must have at most 64 dimensions"},
    {"hostile/tensor_copies.pt", "must not be the same storage in another order over and over"},
    {"hostile/storage_missing.pt", "must have its storage in the file, but `data/7` is missing"},
    {"hostile/storage_short.pt", "must have a storage of 5 elements of 4 bytes, but `data/0` has 16 bytes"},
    {"hostile/storage_2_to_62.pt", "must have a storage of 4611686018427387904 elements of 4 bytes"},
    {"hostile/storage_path.pt", "but `data/../../etc/passwd` is missing"},
    {"hostile/zip_compressed.pt", "entry `a/data.pkl` of `FILE` must be uncompressed, but is compressed"},
    {"hostile/zip_wrong_checksum.pt", "entry `a/data/0` of `FILE` must have the checksum 8ba71454, but has 25cf85c5"},
    {"hostile/zip_cut.pt", "the ZIP archive `FILE` must have an end record, but has none: it is truncated"},
    {"hostile/zip_cut_at_end.pt", "must have an end record, but has none: it is truncated"},
    {"hostile/zip_path_up.pt", "must have entries inside its own folder, but has one named `a/../../evil`"},
    {"hostile/zip_path_absolute.pt", "must have entries inside its own folder, but has one named `/etc/evil`"},
    {"hostile/zip_name_twice.pt", "must have each entry once, but has `a/data/0` twice"},
    {"hostile/zip_size_lies.pt", "must have a header for `a/data.pkl` at byte 0 that agrees with its directory"},
    {"hostile/zip_sizes_differ.pt", "must have `a/data.pkl` stored in its own size of 189 bytes, but claims 1"},
    {"hostile/zip_encrypted.pt", "must have `a/data.pkl` neither encrypted nor on another disk"},
    {"hostile/zip_entry_outside.pt", "must have `a/data.pkl` before its directory, but not at byte 2147483648"},
    {"hostile/zip_entry_elsewhere.pt", "the file is truncated or damaged"},
    {"hostile/zip_directory_outside.pt", "but claims 110 bytes from byte 2147483648"},
    {"hostile/zip_more_entries.pt", "`FILE` must have 4 more bytes after byte 110, but has 0"},
    {"hostile/zip_fewer_entries.pt", "must have a directory of exactly 1 entries, but has more"},
    {"hostile/zip_two_disks.pt", "must have one disk, but claims several"},
    {"hostile/zip64_directory_outside.pt", "but claims 110 bytes from byte 9223372036854775808"},
    {"hostile/zip_overlap.pt", "must have entries apart from each other, but `a/data.pkl` and `a/data/0` overlap"},
    {"hostile/zip_of_something_else.pt", "but this ZIP archive has no data.pkl in its folder"},
    {"hostile/zip_torchscript.pt", "but holds a TorchScript program; save its state_dict instead"},
    {"hostile/zip_big_endian.pt", "must be written in little-endian byte order, but says \"big\""},
    {"hostile/sequence_part_outside.pt",
     "tensor `w` of `FILE` must lie inside its storage of 4 elements, but lies in 2 from 3 on"},
    {"hostile/sequence_part_too_long.pt", "but lies in 4611686018427387904 from 4611686018427387904 on"},
    {"hostile/sequence_part_smaller_than_tensor.pt", "must lie inside its storage of 2 elements"},
    {"hostile/sequence_part_odd.pt", "must have a storage view of three values"},
    {"hostile/sequence_version.pt", "the PyTorch file `FILE` must have the version 1001, but has 1002"},
    {"hostile/sequence_version_text.pt", "must have its version after the magic number, but has none"},
    {"hostile/sequence_runs.pt", "contains a call of `posix.system`, which this reader never runs"},
    {"hostile/sequence_module.pt",
     "`FILE` must hold only tensors and plain values, but holds a whole module; load it where its code is and save "
     "its state_dict()"},
    {"hostile/sequence_module_protocol_0.pt", "but holds a whole module"},
    {"hostile/sequence_persid_odd.pt", "must refer to whole storages, but refers to `('storage', <class"},
    {"hostile/sequence_persid_cut.pt", "must refer to whole storages"},
    {"hostile/sequence_short.pt", "`FILE` must have 16 more bytes after byte 349, but has 15"},
    {"hostile/sequence_count_differs.pt", "must have 4 elements in storage 0, but has 5"},
    {"hostile/sequence_count_negative.pt", "must have 4 elements in storage 0, but has -4"},
    {"hostile/sequence_count_2_to_62.pt",
     "must have all bytes of storage 0, but it claims 4611686018427387904 elements"},
    {"hostile/sequence_count_2_to_60.pt", "must have 4611686018427387904 more bytes"},
    {"hostile/sequence_key_unknown.pt", "must have storages that its tensors refer to, but lists `9`"},
    {"hostile/sequence_key_number.pt", "must have storages that its tensors refer to, but lists ``"},
    {"hostile/sequence_key_twice.pt", "must have each storage once, but has 0 twice"},
    {"hostile/sequence_key_missing.pt", "must have its storage in the file, but `storage 0` is missing"},
    {"hostile/sequence_keys_no_list.pt", "must have a list of its storages after its tensors, but has none"},
    {"hostile/sequence_two_sizes.pt", "must have one size for storage 0, but has two"},
    {"hostile/sequence_unknown_type.pt", "must be of a known type, but one is a SparseStorage"},
    {"hostile/sequence_complex.pt", "but is in a ComplexFloatStorage; convert the model"},
    {"hostile/sequence_only_the_number.pt", "the file is truncated or damaged"},
    {"hostile/tar_archive.pt",
     "`FILE` must be a PyTorch file of version 0.1.11 or later, but is a tar archive, as the versions before wrote; "
     "load it in PyTorch and save its tensors as safetensors"},
    {"hostile/not_a_zip.pt", "`FILE` must be a PyTorch file (a ZIP archive), but does not start like one"},
    {"hostile/git_lfs_pointer.pt", "but is a Git LFS pointer to one; run `git lfs pull` in its folder"},
};

TEST(TorchFileTest, RefusesInOneSentenceAndRunsNothing) {
  for (const auto& [fixture, refusal] : kRefusals) {
    const std::string message = message_for(fixture);
    EXPECT_NE(message.find(refusal), std::string::npos) << fixture << ": " << message;
  }
  EXPECT_FALSE(fs::exists("retort_canary")) << "something in a fixture was run";
}

TEST(TorchFileTest, EveryHostileFixtureHasItsRefusal) {
  for (const auto& file : fs::directory_iterator(fixture_path("hostile"))) {
    const std::string name = "hostile/" + file.path().filename().string();
    if (message_for(name).empty()) continue;
    EXPECT_NE(std::ranges::find(kRefusals, name, [](const auto& row) { return row.first; }), kRefusals.end()) << name;
  }
}

}  // namespace
}  // namespace retort::checkpoint
