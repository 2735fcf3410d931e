#include "retort/base/fields_schema.h"

#include <gtest/gtest.h>

namespace retort {
namespace {

TEST(FieldsSchema, HasOneObjectForEachFieldWithWhatIsKnownOfIt) {
  int64_t count = 3;
  double rate = 0.5;
  bool is_on = true;
  std::optional<bool> maybe;
  std::string kind = "a";
  std::vector<std::string> names{"x"};
  std::vector<int64_t> layers{1, 2};
  FieldList list;
  list.group("Group");
  list.add("count", count, {.help = "Count.", .unit = "steps", .min = 1, .max = 9, .all = -1, .aliases = {"n"}});
  list.add("rate", rate, {.help = "Rate."});
  list.add("is_on", is_on, {.help = "Switch."});
  list.add("maybe", maybe, {.help = "Or not."});
  list.add("kind", kind, {.help = "Kind.", .choices = {"a", "b"}, .required = true});
  list.add("names", names, {.help = "Names."});
  list.add("layers", layers, {.help = "Layers."});
  const Json schema = fields_schema(list);
  EXPECT_EQ(schema[0], Json::parse(R"({"name":"count","kind":"int","default":3,"help":"Count.","group":"Group",
                                      "unit":"steps","min":1.0,"max":9.0,"all":-1.0,"aliases":["n"]})"));
  EXPECT_EQ(schema[4], Json::parse(R"({"name":"kind","kind":"text","default":"a","help":"Kind.","group":"Group",
                                      "choices":["a","b"],"required":true})"));
  std::vector<std::string> kinds;
  for (const Json& field : schema) kinds.push_back(field["kind"]);
  EXPECT_EQ(kinds, (std::vector<std::string>{"int", "float", "bool", "bool", "text", "texts", "ints"}));
  EXPECT_EQ(schema[3]["default"], nullptr);
  EXPECT_EQ(schema[6]["default"], Json::parse("[1,2]"));
}

}  // namespace
}  // namespace retort
