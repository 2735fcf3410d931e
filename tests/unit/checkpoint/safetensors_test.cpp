// Safetensors files against the safetensors library: what it writes is read here, what is written here has its bytes,
// and every header that it refuses is refused here.
#include "retort/checkpoint/safetensors.h"

#include "unit/checkpoint/checkpoint_fixtures.h"

namespace retort::checkpoint {
namespace {

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (size_t i = 0; i < digits.size(); i += 2) bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

TEST(SafetensorsTest, ReadsEveryElementTypeThatTheLibraryWrites) {
  const SafetensorsFile file(fixture_path("all_types.safetensors"));
  EXPECT_EQ(file.metadata(), (TensorMetadata{{"format", "pt"}}));
  ASSERT_EQ(file.tensors().size(), 13u);
  EXPECT_EQ(values_of<int64_t>(tensor_named(file.tensors(), "kind.int64")), (std::vector<int64_t>{0, 1, 2, 5}));
  EXPECT_EQ(values_of<double>(tensor_named(file.tensors(), "kind.float64")), (std::vector<double>{0, 1, 2, 5}));
  EXPECT_EQ(values_of<float>(tensor_named(file.tensors(), "kind.float32")), (std::vector<float>{0, 1, 2, 5}));
  EXPECT_EQ(values_of<uint16_t>(tensor_named(file.tensors(), "kind.bfloat16")),
            (std::vector<uint16_t>{0, 0x3F80, 0x4000, 0x40A0}));
  EXPECT_EQ(values_of<uint8_t>(tensor_named(file.tensors(), "kind.bool")), (std::vector<uint8_t>{0, 1, 1, 1}));
  EXPECT_EQ(tensor_named(file.tensors(), "kind.int8").dtype, Dtype::kI8);
  EXPECT_EQ(tensor_named(file.tensors(), "a scalar").element_count(), 1);
  EXPECT_EQ(tensor_named(file.tensors(), "empty").shape, (std::vector<int64_t>{0, 3}));
  EXPECT_EQ(tensor_named(file.tensors(), "quote \" slash / é \x01").shape, (std::vector<int64_t>{2, 2}));
}

TEST(SafetensorsTest, WritesTheBytesThatTheLibraryWrites) {
  const fs::path folder = fs::path(testing::TempDir());
  for (const char* name :
       {"all_types.safetensors", "torch_expected.safetensors", "sharded/good/model-00001-of-00002.safetensors"}) {
    const SafetensorsFile file(fixture_path(name));
    std::vector<NamedTensor> tensors = file.tensors();
    std::ranges::reverse(tensors);
    write_safetensors(folder / "written.safetensors", tensors, file.metadata());
    EXPECT_EQ(read_file(folder / "written.safetensors"), read_file(fixture_path(name))) << name;
  }
}

TEST(SafetensorsTest, StaysValidAfterAMove) {
  SafetensorsFile first(fixture_path("all_types.safetensors"));
  const SafetensorsFile second = std::move(first);
  EXPECT_EQ(values_of<float>(tensor_named(second.tensors(), "kind.float32")), (std::vector<float>{0, 1, 2, 5}));
}

TEST(SafetensorsTest, WritesAFileWithoutTensors) {
  const fs::path path = fs::path(testing::TempDir()) / "none.safetensors";
  write_safetensors(path, {}, {});
  EXPECT_EQ(read_file(path), std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
  EXPECT_TRUE(SafetensorsFile(path).tensors().empty());
}

TEST(SafetensorsTest, RefusesToWriteWhatDoesNotFit) {
  const std::string bytes(8, '\0');
  const auto write = [&](std::vector<NamedTensor> tensors) {
    write_safetensors(fs::path(testing::TempDir()) / "refused.safetensors", tensors);
  };
  const NamedTensor good{"w", Dtype::kF32, {2}, as_bytes_of(bytes)};
  EXPECT_THROW(write({good, good}), InternalError);
  EXPECT_THROW(write({{"w", Dtype::kF32, {3}, as_bytes_of(bytes)}}), InternalError);
  EXPECT_THROW(write({{"__metadata__", Dtype::kF32, {2}, as_bytes_of(bytes)}}), InternalError);
  EXPECT_THROW(write({{"\xFF", Dtype::kF32, {2}, as_bytes_of(bytes)}}), InternalError);
  EXPECT_FALSE(fs::exists(fs::path(testing::TempDir()) / "refused.safetensors"));
}

// What a refusal says, for each case of the fixture; "" for the files that are read.
const std::vector<std::pair<std::string, std::string>> kVerdicts = {
    {"good", ""},
    {"no_tensors", ""},
    {"no_bytes", "`FILE` must be a safetensors file, but has only 0 bytes; download it or save it again"},
    {"seven_bytes", "but has only 7 bytes"},
    {"header_longer_than_format_allows",
     "`FILE` must start with a header length of at most 100000000, but has 100000001"},
    {"header_length_2_to_64", "but has 18446744073709551615"},
    {"header_longer_than_file",
     "`FILE` must hold a header of 1000 bytes, but has 10 bytes in all; the file is truncated: download it or save it "
     "again"},
    {"header_empty", "the header of `FILE` must start with `{`"},
    {"header_starts_with_space", "the header of `FILE` must start with `{`"},
    {"header_is_list", "the header of `FILE` must start with `{`"},
    {"header_not_json", "`FILE` must hold JSON in UTF-8, but is not from byte 2 of it on"},
    {"header_cut", "`FILE` must hold JSON in UTF-8, but is not from byte 61 of it on"},
    {"header_followed_by_nul", "`FILE` must hold JSON, but has a NUL byte at byte 61 of it"},
    {"header_not_utf8", "`FILE` must hold JSON in UTF-8, but is not from byte 3 of it on"},
    {"header_deep",
     "tensor `w` of `FILE` must have a dtype (a string), a shape (at most 64 numbers from 0 to 2^63-1) and "
     "data_offsets (two such numbers), but has a list; the file is damaged: download it or save it again"},
    {"header_deep_objects", "but has an object;"},
    {"tensor_twice", "tensor `w` must be in `FILE` once, but is there twice"},
    {"metadata_twice", "`FILE` must have one `__metadata__`, but has two"},
    {"metadata_key_twice", "`FILE` must have each metadata key once, but has \"a\" twice"},
    {"metadata_number", "`__metadata__` of `FILE` must map strings to strings, but has the number 1"},
    {"name_with_nul", "tensor `a\\x00b` of `FILE` must have a name without NUL characters"},
    {"field_twice", "but has the field \"dtype\" twice"},
    {"field_unknown", "but has the field \"more\""},
    {"field_missing", "but has not all of them"},
    {"dtype_unknown",
     "tensor `w` of `FILE` must have an element type of F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL, but has \"F31\""},
    {"dtype_number", "but has the number 32"},
    {"shape_negative", "but has the number -1"},
    {"shape_fraction", "but has the number 1.0"},
    {"shape_2_to_63", "but has the number 9223372036854775808"},
    {"shape_2_to_64", "but has the number 18446744073709551616"},
    {"shape_product_overflows",
     "tensor `w` of `FILE` must have fewer than 2^63 bytes, but has shape [4294967296, 4294967296]"},
    {"shape_bytes_overflow", "must have fewer than 2^63 bytes, but has shape [4611686018427387904]"},
    {"shape_too_large", "tensor `w` of `FILE` must have 8 bytes for shape [2] of F32, but its offsets span 4"},
    {"offsets_one", "but has a list of fewer than two offsets"},
    {"offsets_three", "but has the number 8"},
    {"offsets_negative", "but has the number -4"},
    {"offsets_backward",
     "tensor `w` of `FILE` must start at data byte 0, where the tensor before it ends, but spans 4 to 0"},
    {"offsets_past_end",
     "tensor `x` of `FILE` must lie inside the file, but needs 8 data bytes of 6; the file is truncated"},
    {"offsets_overlap",
     "tensor `x` of `FILE` must start at data byte 4, where the tensor before it ends, but spans 0 to 4"},
    {"offsets_hole",
     "tensor `x` of `FILE` must start at data byte 4, where the tensor before it ends, but spans 5 to 9"},
    {"bytes_after_last", "`FILE` must end with its last tensor, but has 1 more bytes"},
    {"git_lfs_pointer",
     "`FILE` must be a safetensors file, but is a Git LFS pointer to one; run `git lfs pull` in its folder"},
};

TEST(SafetensorsTest, RefusesEveryBrokenHeaderInOneSentence) {
  const Json rows = read_json_file(fixture_path("safetensors_cases.json"));
  ASSERT_EQ(rows.size(), kVerdicts.size());
  for (const auto& [name, verdict] : kVerdicts) {
    const auto row = std::ranges::find_if(rows, [&, wanted = name](const Json& r) { return r["case"] == wanted; });
    ASSERT_NE(row, rows.end()) << name;
    const std::string content = from_hex((*row)["hex"]);
    const std::string message = message_of([&] { parse_safetensors(as_bytes_of(content), "FILE"); });
    if (verdict.empty()) {
      EXPECT_EQ(message, "") << name;
    } else {
      EXPECT_NE(message.find(verdict), std::string::npos) << name << ": " << message;
    }
    EXPECT_TRUE(!message.empty() || (*row)["reference_accepts"].get<bool>()) << name;
  }
}

TEST(SafetensorsTest, NamesTheFileThatIsNotThere) {
  const std::string message = message_of([] { SafetensorsFile(fixture_path("absent.safetensors")); });
  EXPECT_NE(message.find("absent.safetensors"), std::string::npos) << message;
}

}  // namespace
}  // namespace retort::checkpoint
