#include "retort/train/same_settings.h"

#include "unit/train/train_testing.h"

namespace retort::train {
namespace {

TEST(SameSettings, TheFirstThatDiffersIsNamedWithBothValues) {
  const Json one{{"seed", 1}, {"train_file", "a.json"}};
  EXPECT_EQ(settings_difference({one, one, one}), "");
  EXPECT_EQ(settings_difference({one, one, {{"seed", 2}, {"train_file", "a.json"}}}),
            "`seed` is 1 for rank 0 and 2 for rank 2");
  EXPECT_EQ(settings_difference({one, {{"seed", 1}, {"train_file", "b.json"}}}),
            "`train_file` is \"a.json\" for rank 0 and \"b.json\" for rank 1");
}

TEST(SameSettings, ASettingThatOneRankLacksDiffers) {
  EXPECT_EQ(settings_difference({{{"seed", 1}}, {{"seed", 1}, {"teacher", "t"}}}),
            "`teacher` is missing for rank 0 and \"t\" for rank 1");
}

TEST(SameSettings, OneProcessAgreesWithItself) { EXPECT_NO_THROW(check_same_settings(ProcessGroup(), {{"seed", 1}})); }

}  // namespace
}  // namespace retort::train
