// Each rank leaves a file and looks for those of lower ranks. A path that nothing has asked for before is asked for at
// the server of a network file system, so the files are seen at once.
#include "retort/train/folder_writer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

#include "retort/base/file.h"
#include "retort/base/folder.h"

namespace retort::train {

namespace fs = std::filesystem;

bool is_folder_writer(const ProcessGroup& group, const fs::path& folder) {
  if (group.world_size() == 1) return true;
  const int64_t now = std::chrono::system_clock::now().time_since_epoch().count();
  const std::string run = group.broadcast(fmt::format("{:x}-{:x}", ::getpid(), now));
  const auto mark_of = [&](int64_t rank) { return folder / fmt::format(".rank-{}-{}", run, rank); };
  make_folder(folder);
  write_file_atomically(mark_of(group.rank()), "");
  group.barrier();
  bool is_first = true;
  for (int64_t rank = 0; rank < group.rank() && is_first; ++rank) is_first = !fs::exists(mark_of(rank));
  group.barrier();
  fs::remove(mark_of(group.rank()));
  return is_first;
}

}  // namespace retort::train
