// See torch_archive.h. All entries are in one folder of any name: <folder>/data.pkl, <folder>/data/<key>.
#include "retort/checkpoint/torch_archive.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/checkpoint/named_tensor.h"
#include "retort/checkpoint/pickle_machine.h"
#include "retort/checkpoint/torch_sequence.h"
#include "retort/checkpoint/zip_archive.h"

namespace retort::checkpoint {
namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void check_is_zip(std::string_view text, const std::string& subject) {
  if (text.starts_with("PK\x03\x04")) return;
  constexpr size_t kTarMagicBegin = 257;
  if (text.size() > kTarMagicBegin && text.substr(kTarMagicBegin).starts_with("ustar")) {
    throw UserError(
        "`{}` must be a PyTorch file of version 0.1.11 or later, but is a tar archive, as the versions before wrote; "
        "load it in PyTorch and save its tensors as safetensors",
        subject);
  }
  if (text.starts_with("version https://git-lfs")) {
    throw UserError("`{}` must be a PyTorch file, but is a Git LFS pointer to one; run `git lfs pull` in its folder",
                    subject);
  }
  throw UserError(
      "`{}` must be a PyTorch file (a ZIP archive), but does not start like one; download it or save it again",
      subject);
}

// The folder that holds data.pkl, with its `/`.
std::string_view find_folder(const std::vector<ZipEntry>& entries, const std::string& subject) {
  constexpr std::string_view kPickle = "/data.pkl";
  for (const ZipEntry& entry : entries) {
    if (!entry.name.ends_with(kPickle)) continue;
    const std::string_view folder = entry.name.substr(0, entry.name.size() - kPickle.size() + 1);
    if (folder.find('/') + 1 == folder.size()) return folder;
  }
  throw UserError(
      "`{}` must be a PyTorch file, but this ZIP archive has no data.pkl in its folder; give the weights, or "
      "save them again",
      subject);
}

// Rejects files with the same layout but other content.
void check_kind(std::string_view name, std::span<const std::byte> bytes, const std::string& subject) {
  if (name == "constants.pkl") {
    throw UserError(
        "`{}` must hold the tensors of a model, but holds a TorchScript program; save its state_dict instead", subject);
  }
  if (name == "byteorder" && as_text(bytes) != "little") {
    throw UserError(
        "`{}` must be written in little-endian byte order, but says \"{}\"; load it in PyTorch and save its "
        "tensors as safetensors",
        subject, shown_name(as_text(bytes)));
  }
}

}  // namespace

TorchArchive open_torch_archive(std::span<const std::byte> file_bytes, const std::string& subject) {
  constexpr std::string_view kStorages = "data/";
  if (is_torch_sequence(file_bytes)) return open_torch_sequence(file_bytes, subject);
  check_is_zip(as_text(file_bytes), subject);
  const std::vector<ZipEntry> entries = parse_zip(file_bytes, subject);
  const std::string_view folder = find_folder(entries, subject);
  check_zip_checksums(entries, subject);
  TorchArchive archive;
  std::span<const std::byte> pickle;
  for (const ZipEntry& entry : entries) {
    if (!entry.name.starts_with(folder)) continue;
    const std::string_view name = entry.name.substr(folder.size());
    check_kind(name, entry.bytes, subject);
    if (name == "data.pkl") pickle = entry.bytes;
    if (name.starts_with(kStorages)) archive.storages.emplace(name.substr(kStorages.size()), entry.bytes);
  }
  archive.content = read_pickle(pickle, subject);
  return archive;
}

}  // namespace retort::checkpoint
