#include "retort/train/same_settings.h"

#include <set>

#include "retort/base/error.h"
#include "retort/base/hash.h"

namespace retort::train {

namespace {

Json without_own_settings(Json settings) {
  for (const char* name : {"output_dir", "overwrite_output_dir", "threads", "process_timeout", "cache_dir", "device"})
    settings.erase(name);
  return settings;
}

// Compares the hashes, and the settings themselves only where these differ. Empty: all ranks have the same.
std::string difference_in(const ProcessGroup& group, const Json& settings) {
  if (group.world_size() == 1) return "";
  const std::string text = settings.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::vector<std::string> hashes = group.all_gather(ContentHash().add(text).hex());
  if (hashes == std::vector<std::string>(hashes.size(), hashes[0])) return "";
  std::vector<Json> all;
  for (const std::string& each : group.all_gather(text)) all.push_back(Json::parse(each));
  return settings_difference(all);
}

std::string shown(const Json& settings, const std::string& name) {
  return settings.contains(name) ? settings.at(name).dump(-1, ' ', false, Json::error_handler_t::replace) : "missing";
}

}  // namespace

std::string settings_difference(const std::vector<Json>& settings) {
  for (size_t rank = 1; rank < settings.size(); ++rank) {
    std::set<std::string> names;
    for (const Json* each : {&settings[0], &settings[rank]})
      for (const auto& [name, value] : each->items()) names.insert(name);
    for (const std::string& name : names)
      if (shown(settings[0], name) != shown(settings[rank], name))
        return fmt::format("`{}` is {} for rank 0 and {} for rank {}", name, shown(settings[0], name),
                           shown(settings[rank], name), rank);
  }
  return "";
}

void check_same_settings(const ProcessGroup& group, const Json& settings) {
  if (const std::string difference = difference_in(group, without_own_settings(settings)); !difference.empty())
    throw UserError("all processes must be started with the same settings, but {}; give all of them one command line",
                    difference);
}

void check_same_data(const ProcessGroup& group, const data::Source& source) {
  if (group.world_size() == 1) return;  // the hash takes time
  const std::string difference = difference_in(group, {{"number of sequences", source.sequences_per_epoch()},
                                                       {"steps of an epoch", source.steps_per_epoch()},
                                                       {"content hash", source.content_hash()}});
  if (!difference.empty())
    throw UserError("all processes must read the same training data, but {}; give all of them the same files",
                    difference);
}

}  // namespace retort::train
