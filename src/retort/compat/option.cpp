#include "retort/compat/option.h"

namespace retort::compat {

namespace {

std::string without_dashes(const std::string& names) { return names.substr(2, names.find(' ') - 2); }

}  // namespace

Option same(std::string names) {
  std::string flag = without_dashes(names);
  return {.names = std::move(names), .flag = std::move(flag)};
}

Option as(std::string names, std::string flag) { return {.names = std::move(names), .flag = std::move(flag)}; }

Option same_switch(std::string names) {
  std::string flag = without_dashes(names);
  return {.names = std::move(names), .takes = Takes::kNothing, .flag = std::move(flag)};
}

Option as_switch(std::string names, std::string flag, std::string on) {
  return {.names = std::move(names), .takes = Takes::kNothing, .flag = std::move(flag), .on = std::move(on)};
}

Option same_truth(std::string names) {
  std::string flag = without_dashes(names);
  return {.names = std::move(names), .takes = Takes::kTruth, .flag = std::move(flag)};
}

Option read(std::string names, Takes takes) { return {.names = std::move(names), .takes = takes}; }

Option pair(std::string names, std::string published) {
  return {.names = std::move(names), .takes = Takes::kPair, .published = std::move(published)};
}

Option position(std::string name, std::string published) {
  return {.names = std::move(name), .takes = Takes::kPosition, .published = std::move(published)};
}

Option nothing(std::string names, Takes takes, std::string reason) {
  return {.names = std::move(names), .takes = takes, .reason = std::move(reason)};
}

Option refused(std::string names, Takes takes, std::string reason) {
  return {.names = std::move(names), .takes = takes, .reason = std::move(reason), .is_refused = true};
}

Options joined(std::vector<Options> groups) {
  Options all;
  for (Options& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace retort::compat
