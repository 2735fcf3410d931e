// The functions of the commands that write HDF5, by the names in the table of commands.cpp. They form the module
// `libretort_instances.so`.
#include <string_view>

#include "retort/cli/command.h"
#include "retort/cli/late_module.h"
#include "retort/recipe/data_all.h"
#include "retort/recipe/data_instances.h"

using retort::cli::run_with_config;

retort::cli::CommandBody retort_find_instance_command(const char* name) {
  const std::string_view wanted(name);
  if (wanted == "data instances")
    return run_with_config<retort::recipe::InstancesConfig, retort::recipe::make_instances>;
  if (wanted == "data all") return run_with_config<retort::recipe::DataAllConfig, retort::recipe::data_all>;
  return nullptr;
}
