#include "retort/checkpoint/manifest.h"

#include "fuzz/input.h"
#include "fuzz/repair.h"
#include "fuzz/targets.h"

namespace retort::fuzz {
namespace {

// Verification never throws, whatever the manifest holds; an empty result means a valid folder.
bool agrees(std::string_view manifest) {
  const ScratchFolder folder;
  folder.write("a.txt", "content"), folder.write(checkpoint::kManifestFile, manifest);
  checkpoint::manifest_byte_count(folder.path());
  return !checkpoint::verify_checkpoint_folder(folder.path()).has_value();
}

}  // namespace

bool manifest(std::string_view input) {
  const bool is_taken = agrees(input);
  return agrees(with_manifest_checksum(input)) || is_taken;
}

}  // namespace retort::fuzz
