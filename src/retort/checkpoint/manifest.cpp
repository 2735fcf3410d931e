// The manifest is validated as text: the file must be, byte for byte, what would be written for its entries, including
// its own checksum. So every flipped bit in it is found without a second file.
#include "retort/checkpoint/manifest.h"

#include <xxhash.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <memory>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/folder.h"
#include "retort/base/hash.h"
#include "retort/base/json.h"

namespace retort::checkpoint {
namespace {

constexpr const char* kFormat = "retort-checkpoint";
constexpr int kVersion = 1;
constexpr size_t kReadBytes = 1 << 20;

struct Entry {
  std::string path;  // relative, with `/`
  int64_t byte_count = 0;
  std::string checksum;  // XXH3-64, 16 hex digits
};

// Reads the file instead of mapping it: a bad sector in a mapped file raises SIGBUS, but here it must be an error
// message.
Entry measure_file(const fs::path& folder, const fs::path& path) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  std::ifstream file(path, std::ios::binary);
  std::vector<char> piece(kReadBytes);
  int64_t byte_count = 0;
  while (file.read(piece.data(), std::ssize(piece)), file.gcount() > 0) {
    XXH3_64bits_update(state.get(), piece.data(), static_cast<size_t>(file.gcount()));
    byte_count += file.gcount();
  }
  if (!file.eof()) throw UserError("`{}` must be readable to its end, but is not; check the disk", path.string());
  return {path.lexically_relative(folder).generic_string(), byte_count,
          fmt::format("{:016x}", XXH3_64bits_digest(state.get()))};
}

std::string checksum_of(std::string_view text) {
  return fmt::format("{:016x}", hash_bytes(std::as_bytes(std::span(text.data(), text.size()))));
}

std::string render(const std::vector<Entry>& entries) {
  Json files = Json::array();
  for (const Entry& entry : entries)
    files.push_back({{"path", entry.path}, {"bytes", entry.byte_count}, {"xxh3_64", entry.checksum}});
  const Json manifest = {
      {"format", kFormat}, {"version", kVersion}, {"checksum", checksum_of(files.dump())}, {"files", files}};
  return manifest.dump(2) + "\n";
}

std::vector<Entry> list_files(const fs::path& folder) {
  std::vector<Entry> entries;
  for (const fs::directory_entry& file : fs::recursive_directory_iterator(folder))
    if (file.is_regular_file()) entries.push_back(measure_file(folder, file.path()));
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
  return entries;
}

// Throws UserError or Json::exception when the text is not a manifest.
std::vector<Entry> parse(const std::string& text, const std::string& subject) {
  const Json manifest = parse_json(text, subject);
  std::vector<Entry> entries;
  for (const Json& file : manifest.at("files")) {
    const Json& bytes = file.at("bytes");
    if (!bytes.is_number_integer() || bytes.get<int64_t>() < 0)
      throw UserError("`{}` must hold byte counts from 0, but one is {}", subject, bytes.dump());
    entries.push_back(
        {file.at("path").get<std::string>(), bytes.get<int64_t>(), file.at("xxh3_64").get<std::string>()});
  }
  return entries;
}

std::optional<std::vector<Entry>> maybe_read_manifest(const fs::path& path) {
  try {
    const std::string text = read_file(path);
    std::vector<Entry> entries = parse(text, path.string());
    if (render(entries) == text) return entries;
  } catch (const UserError&) {
  } catch (const Json::exception&) {
  }
  return std::nullopt;
}

// The manifest is untrusted input: its paths must stay inside the folder.
bool stays_inside(const fs::path& relative) {
  return !relative.empty() && relative.is_relative() && std::ranges::find(relative, "..") == relative.end();
}

std::optional<std::string> find_problem(const fs::path& folder, const Entry& entry) {
  const fs::path path = folder / entry.path;
  if (!stays_inside(entry.path)) return fmt::format("`{}` leads out of the folder", entry.path);
  if (!fs::is_regular_file(path)) return fmt::format("`{}` is missing", path.string());
  const Entry found = measure_file(folder, path);
  if (found.byte_count != entry.byte_count) {
    return fmt::format("`{}` must have {} bytes, but has {}", path.string(), entry.byte_count, found.byte_count);
  }
  if (found.checksum == entry.checksum) return std::nullopt;
  return fmt::format("`{}` must have the checksum {}, but has {}", path.string(), entry.checksum, found.checksum);
}

std::optional<std::vector<Entry>> maybe_read_manifest_of(const fs::path& folder, std::string& problem) {
  const fs::path manifest = folder / kManifestFile;
  auto entries = fs::exists(manifest) ? maybe_read_manifest(manifest) : std::nullopt;
  if (!entries) {
    problem = fs::exists(manifest) ? fmt::format("`{}` is damaged: its checksum does not match", manifest.string())
                                   : fmt::format("`{}` is missing", manifest.string());
  }
  return entries;
}

// Runs `find`, which checks the disk; its exceptions (permissions, a broken disk) become problems too.
template <typename Find>
std::optional<std::string> problem_of(const Find& find) {
  try {
    return find();
  } catch (const UserError& failure) {
    return failure.what();
  } catch (const fs::filesystem_error& failure) {
    return failure.what();
  }
}

// Searches the words instead of parsing the file, so that a flipped byte does not hide that retort wrote it.
bool holds_words(const fs::path& path, std::string_view words, size_t most_bytes) {
  if (!is_real_file(path)) return false;
  std::ifstream file(path, std::ios::binary);
  std::string text(most_bytes, '\0');
  file.read(text.data(), std::ssize(text));
  return std::string_view(text).substr(0, static_cast<size_t>(file.gcount())).find(words) != std::string_view::npos;
}

}  // namespace

bool is_own_checkpoint(const fs::path& path) {
  std::error_code failure;
  if (fs::symlink_status(path, failure).type() != fs::file_type::directory) return false;
  return holds_words(path / kManifestFile, kFormat, 256) ||
         holds_words(path / "trainer_state.json", "RetortResume", size_t{1} << 24);
}

int64_t write_checkpoint_folder(const fs::path& path, const std::function<void(const fs::path&)>& fill) {
  std::error_code ignored;
  const bool is_folder = fs::symlink_status(path, ignored).type() == fs::file_type::directory;
  if (is_folder && !fs::is_empty(path, ignored) && !is_own_checkpoint(path))
    throw UserError("`{}` must not exist or be a checkpoint of retort, but is another folder; move it away",
                    path.string());
  int64_t byte_count = 0;
  write_folder_atomically(path, [&](const fs::path& folder) {
    fill(folder);
    const std::vector<Entry> entries = list_files(folder);
    const std::string manifest = render(entries);
    write_file_atomically(folder / kManifestFile, manifest);
    byte_count = static_cast<int64_t>(manifest.size());
    for (const Entry& entry : entries) byte_count += entry.byte_count;
  });
  return byte_count;
}

std::optional<std::string> verify_checkpoint_folder(const fs::path& path) {
  return problem_of([&]() -> std::optional<std::string> {
    std::string problem;
    const auto entries = maybe_read_manifest_of(path, problem);
    if (!entries) return problem;
    for (const Entry& entry : *entries)
      if (auto found = find_problem(path, entry)) return found;
    return std::nullopt;
  });
}

std::optional<std::string> verify_checkpoint_file(const fs::path& path, const std::string& name) {
  return problem_of([&]() -> std::optional<std::string> {
    std::string problem;
    const auto entries = maybe_read_manifest_of(path, problem);
    if (!entries) return problem;
    const auto entry = std::ranges::find(*entries, name, &Entry::path);
    if (entry == entries->end()) return fmt::format("`{}` is not listed", (path / name).string());
    return find_problem(path, *entry);
  });
}

int64_t manifest_byte_count(const fs::path& path) {
  int64_t byte_count = 0;
  for (const Entry& entry : maybe_read_manifest(path / kManifestFile).value_or(std::vector<Entry>()))
    byte_count += std::min(entry.byte_count, std::numeric_limits<int64_t>::max() - byte_count);
  return byte_count;
}

}  // namespace retort::checkpoint
