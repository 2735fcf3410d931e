// Fields from command lines and JSON: every form, every refusal, all problems at once.
#include "retort/base/fields.h"
#include "retort/base/fields_text.h"

#include <algorithm>
#include <clocale>

#include "base_testing.h"

namespace retort {
namespace {

struct SampleConfig {
  std::string model = "bert";
  std::string precision = "fp32";
  double learning_rate = 3e-5;
  int64_t steps = 10, offset = 0, most = -1;
  bool resume = false, cache = true, no_cuda = false;
  std::optional<bool> lower;
  std::vector<std::string> files;
  std::vector<int64_t> layers = {1, 2};

  void fields(FieldList& list) {
    list.add("model", model, {.help = "Model folder.", .aliases = {"model_name_or_path"}});
    list.add("precision", precision,
             {.help = "Number format.", .choices = {"fp32", "bf16"}, .choice_aliases = {{"BFloat16", "bf16"}}});
    list.accept({"mode", true, "there is one"});
    list.accept({"do_train", false, "it always does"});
    list.group("Training");
    list.add("learning_rate", learning_rate, {.help = "Peak rate.", .min = 0, .max = 1, .aliases = {"lr"}});
    list.add("steps", steps, {.help = "Updates.", .unit = "steps", .min = 1});
    list.add("most", most, {.help = "Rows.", .min = 1, .all = -1});
    list.add("offset", offset, {.help = "May be negative."});
    list.add("resume", resume, {.help = "Go on."});
    list.add("cache", cache, {.help = "Keep features."});
    list.add("no_cuda", no_cuda, {.help = "A name that begins with no_."});
    list.add("lower", lower, {.help = "Not given: the file says."});
    list.add("files", files, {.help = "Inputs."});
    list.add("layers", layers, {.help = "Layers.", .min = 0, .max = 11});
  }
};

struct Parsed : SampleConfig {
  explicit Parsed(const std::vector<std::string>& arguments) {
    FieldList list;
    fields(list);
    parse_flags(list, arguments);
  }
};

std::string flag_error(const std::vector<std::string>& arguments) {
  return user_error([&] { Parsed parsed(arguments); });
}

TEST(Fields, NoArgumentsKeepTheDefaults) {
  const Parsed parsed({});
  EXPECT_EQ(parsed.model, "bert");
  EXPECT_EQ(parsed.layers, (std::vector<int64_t>{1, 2}));
}

TEST(Fields, AnOptionalTruthValueKnowsWhetherItWasGiven) {
  EXPECT_EQ(Parsed({}).lower, std::nullopt);
  EXPECT_EQ(Parsed({"--lower"}).lower, std::optional(true));
  EXPECT_EQ(Parsed({"--lower", "false"}).lower, std::optional(false));
  EXPECT_EQ(Parsed({"--no_lower"}).lower, std::optional(false));
  SampleConfig config;
  FieldList list;
  config.fields(list);
  EXPECT_TRUE(fields_to_json(list)["lower"].is_null());
  set_fields_from_json(list, {{"lower", nullptr}}, "test");
  EXPECT_EQ(config.lower, std::nullopt);
  set_fields_from_json(list, {{"lower", false}}, "test");
  EXPECT_EQ(config.lower, std::optional(false));
  EXPECT_EQ(fields_to_json(list)["lower"], false);
}

TEST(Fields, ValuesAsNextWordOrAfterEquals) {
  const Parsed parsed({"--model", "a b", "--learning_rate=1e-4", "--steps", "7"});
  EXPECT_EQ(parsed.model, "a b");
  EXPECT_EQ(parsed.learning_rate, 1e-4);
  EXPECT_EQ(parsed.steps, 7);
  EXPECT_EQ(Parsed({"--model=--odd=name"}).model, "--odd=name");
  EXPECT_EQ(Parsed({"--model="}).model, "");
}

TEST(Fields, DashesAndAliases) {
  EXPECT_EQ(Parsed({"--learning-rate", "0.5"}).learning_rate, 0.5);
  EXPECT_EQ(Parsed({"--lr", "0.25"}).learning_rate, 0.25);
  EXPECT_EQ(Parsed({"--model-name-or-path", "x"}).model, "x");
}

TEST(Fields, TheLastOneWins) { EXPECT_EQ(Parsed({"--steps", "1", "--steps", "2"}).steps, 2); }

TEST(Fields, BoolForms) {
  for (const char* word : {"true", "1", "yes"}) {
    EXPECT_TRUE(Parsed({"--resume", word}).resume) << word;
    EXPECT_TRUE(Parsed({std::string("--resume=") + word}).resume) << word;
  }
  for (const char* word : {"false", "0", "no"}) {
    EXPECT_FALSE(Parsed({"--cache", word}).cache) << word;
    EXPECT_FALSE(Parsed({std::string("--cache=") + word}).cache) << word;
  }
  EXPECT_TRUE(Parsed({"--resume"}).resume);
  EXPECT_TRUE(Parsed({"--resume", "--steps", "3"}).resume);
  EXPECT_FALSE(Parsed({"--no_cache"}).cache);
  EXPECT_FALSE(Parsed({"--no-cache"}).cache);
  EXPECT_TRUE(Parsed({"--no_cache=false"}).cache);
}

TEST(Fields, ANameThatBeginsWithNoIsItself) {
  EXPECT_TRUE(Parsed({"--no_cuda"}).no_cuda);
  EXPECT_FALSE(Parsed({"--no_no_cuda"}).no_cuda);
}

TEST(Fields, Numbers) {
  EXPECT_EQ(Parsed({"--steps", "1e3"}).steps, 1000);
  EXPECT_EQ(Parsed({"--steps", "+5"}).steps, 5);
  EXPECT_EQ(Parsed({"--offset", "-3"}).offset, -3);
  EXPECT_EQ(Parsed({"--offset=-9223372036854775808"}).offset, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Parsed({"--learning_rate", "1"}).learning_rate, 1.0);
  for (const char* word : {"abc", "", "1.5", "3x", "0x10", "9223372036854775808", "1e30", "nan"})
    EXPECT_EQ(flag_error({"--steps=" + std::string(word)}),
              "`--steps` must be an integer, but is `" + std::string(word) + "`");
  for (const char* word : {"abc", "nan", "inf", "1,5", "1e999"})
    EXPECT_EQ(flag_error({"--lr", word}), "`--lr` must be a number, but is `" + std::string(word) + "`");
}

TEST(Fields, NumbersDoNotFollowTheLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  bool found = false;
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8"})
    found = found || std::setlocale(LC_ALL, name) != nullptr;
  EXPECT_EQ(Parsed({"--lr", "0.5"}).learning_rate, 0.5);
  std::setlocale(LC_ALL, before.c_str());
  if (!found) GTEST_SKIP() << "no locale with a decimal comma is installed; only the default one was checked";
}

TEST(Fields, Lists) {
  EXPECT_EQ(Parsed({"--layers", "0,2,5"}).layers, (std::vector<int64_t>{0, 2, 5}));
  EXPECT_EQ(Parsed({"--layers", "0", "2", "5", "--resume"}).layers, (std::vector<int64_t>{0, 2, 5}));
  EXPECT_EQ(Parsed({"--layers=3"}).layers, (std::vector<int64_t>{3}));
  EXPECT_TRUE(Parsed({"--layers="}).layers.empty());
  EXPECT_EQ(Parsed({"--files", "a,b", "c"}).files, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(flag_error({"--layers", "1,x"}), "`--layers` must be a list of integers, but is `x`");
  EXPECT_EQ(flag_error({"--layers", "1,12"}), "`--layers` must be between 0 and 11, but is `12`");
  EXPECT_EQ(flag_error({"--files"}), "`--files` must be followed by TEXT,..., but is not");
}

TEST(Fields, RangesAndChoices) {
  EXPECT_EQ(flag_error({"--steps", "0"}), "`--steps` must be at least 1, but is `0`");
  EXPECT_EQ(flag_error({"--lr", "1.5"}), "`--lr` must be between 0 and 1, but is `1.5`");
  EXPECT_EQ(flag_error({"--precision", "bf61"}),
            "`--precision` must be one of fp32, bf16, but is `bf61`; did you mean `bf16`?");
  EXPECT_EQ(flag_error({"--precision", "int8-quantized"}),
            "`--precision` must be one of fp32, bf16, but is `int8-quantized`");
}

TEST(Fields, OneNumberMayStandForAll) {
  EXPECT_EQ(Parsed({"--most", "-1"}).most, -1);
  EXPECT_EQ(Parsed({"--most", "1"}).most, 1);
  for (const char* number : {"0", "-2"})
    EXPECT_EQ(flag_error({"--most", number}),
              fmt::format("`--most` must be at least 1, or -1 for all, but is `{}`", number));
}

TEST(Fields, OlderSpellingsOfChoices) {
  EXPECT_EQ(Parsed({"--precision", "BFloat16"}).precision, "bf16");
  EXPECT_NE(flag_error({"--precision", "BFloat17"}).find("must be one of fp32, bf16"), std::string::npos);
}

TEST(Fields, FlagsOfOtherProgramsAreTakenWithoutEffect) {
  const Parsed parsed({"--mode", "lazy", "--do-train", "--steps", "3"});
  EXPECT_EQ(parsed.steps, 3);
  EXPECT_EQ(Parsed({"--do_train", "true", "--steps", "4"}).steps, 4);
  EXPECT_NE(flag_error({"--do_train", "lazy"}).find("`lazy` after `--do_train` must be a flag"), std::string::npos);
  SampleConfig config;
  FieldList list;
  config.fields(list);
  set_fields_from_json(list, {{"mode", "eager"}, {"steps", 4}}, "settings");
  EXPECT_EQ(config.steps, 4);
  EXPECT_NE(fields_help(list).find("--mode, --do_train"), std::string::npos);
}

TEST(Fields, UnknownFlagsShowTheNearest) {
  EXPECT_EQ(flag_error({"--lerning_rate", "1"}), "unknown flag `--lerning_rate`, did you mean `--learning_rate`?");
  EXPECT_EQ(flag_error({"--confg=x"}), "unknown flag `--confg`, did you mean `--config`?");
  EXPECT_EQ(flag_error({"--zzzzzzzz"}), "unknown flag `--zzzzzzzz`; see --help");
  EXPECT_EQ(flag_error({"--no_model"}), "unknown flag `--no_model`, did you mean `--model`?");
}

TEST(Fields, WordsOutOfPlace) {
  EXPECT_EQ(flag_error({"bert"}), "`bert` must be a flag, but does not start with `--`; see --help");
  EXPECT_EQ(flag_error({"--model", "a", "b"}),
            "`b` after `--model` must be a flag, but does not start with `--`; see --help");
  EXPECT_EQ(flag_error({"--resume", "maybe"}),
            "`maybe` after `--resume` must be a flag, but does not start with `--`; see --help");
  EXPECT_EQ(flag_error({"--resume=maybe"}), "`--resume` must be true or false, but is `maybe`");
  EXPECT_EQ(flag_error({"--model"}), "`--model` must be followed by TEXT, but is not");
  EXPECT_EQ(flag_error({"--model", "--resume"}), "`--model` must be followed by TEXT, but is not");
}

TEST(Fields, AllProblemsAtOnce) {
  EXPECT_EQ(flag_error({"--steps", "0", "--lerning_rate", "3", "--precision", "x"}),
            "`--steps` must be at least 1, but is `0`\n"
            "unknown flag `--lerning_rate`, did you mean `--learning_rate`?\n"
            "`--precision` must be one of fp32, bf16, but is `x`");
}

TEST(Fields, RequiredMustBeGiven) {
  std::string folder = "default";
  FieldList list;
  list.add("output_dir", folder, {.help = "Where results go.", .required = true});
  EXPECT_EQ(user_error([&] { parse_flags(list, {}); }),
            "`--output_dir` must be given, but is missing: Where results go.");
  EXPECT_EQ(user_error([&] {
              parse_flags(list, {"--output_dir", ""});
            }),
            "`--output_dir` must be given, but is empty: Where results go.");
  EXPECT_NO_THROW(parse_flags(list, {"--output_dir", "x"}));
  EXPECT_TRUE(list.find("output-dir")->was_set);
}

TEST(Fields, ConfigFileFirstThenFlags) {
  const TemporaryFolder folder;
  put_content(folder / "c.json", "{\n// published run\n\"steps\": 5, \"lr\": 0.5, \"layers\": [3], \"resume\": true}");
  const std::string path = (folder / "c.json").string();
  const Parsed parsed({"--steps", "6", "--config", path});
  EXPECT_EQ(parsed.steps, 6);
  EXPECT_EQ(parsed.learning_rate, 0.5);
  EXPECT_EQ(parsed.layers, (std::vector<int64_t>{3}));
  EXPECT_TRUE(parsed.resume);
  EXPECT_FALSE(Parsed({"--config=" + path, "--no_resume"}).resume);
}

TEST(Fields, ConfigFileErrorsComeWithTheOthers) {
  const TemporaryFolder folder;
  put_content(folder / "c.json", R"({"stepz": 5, "learning_rate": "fast", "steps": 0})");
  put_content(folder / "list.json", "[1]");
  const std::string path = (folder / "c.json").string(), list = (folder / "list.json").string();
  EXPECT_EQ(flag_error({"--config", path, "--offset", "x"}),
            "`" + path + "`: unknown key `stepz`, did you mean `steps`?\n`" + path +
                "`: `learning_rate` must be a number, but is `\"fast\"`\n`" + path +
                "`: `steps` must be at least 1, but is `0`\n"
                "`--offset` must be an integer, but is `x`");
  EXPECT_EQ(flag_error({"--config", list}), "`" + list + "` must be a JSON object of settings, but is of type array");
  expect_contains(flag_error({"--config", "/nowhere.json"}), "`/nowhere.json` must be a readable file");
  EXPECT_EQ(flag_error({"--config"}), "`--config` must be followed by a JSON file, but is not");
}

// The fields after `values` have been set; the error's text instead when that failed.
std::string after_json(const Json& values) {
  SampleConfig config;
  FieldList list;
  config.fields(list);
  try {
    set_fields_from_json(list, values, "source");
  } catch (const UserError& failure) {
    return failure.what();
  }
  return fields_to_json(list).dump();
}

TEST(Fields, JsonRoundTrip) {
  const std::string text =
      R"({"model":"m","precision":"bf16","learning_rate":0.125,"steps":3,"most":5,"offset":-4,"resume":true,"cache":false,)"
      R"("no_cuda":true,"lower":true,"files":["a","b"],"layers":[0,11]})";
  EXPECT_EQ(after_json(parse_json(text, "text")), text);
}

TEST(Fields, JsonForms) {
  const auto value_of = [](const char* key, const Json& value) {
    return parse_json(after_json({{key, value}}), "x")[key];
  };
  EXPECT_EQ(value_of("steps", 1e3), 1000);
  EXPECT_EQ(value_of("learning_rate", 1), 1.0);
  EXPECT_EQ(value_of("resume", 1), true);
  EXPECT_EQ(value_of("model", nullptr), "bert");
  EXPECT_EQ(value_of("files", "a,b"), (Json{"a", "b"}));
  EXPECT_EQ(value_of("layers", Json::array()), Json::array());
}

TEST(Fields, JsonRefusals) {
  EXPECT_EQ(after_json({{"steps", 1.5}}), "`source`: `steps` must be an integer, but is `1.5`");
  EXPECT_EQ(after_json({{"steps", 18446744073709551615u}}),
            "`source`: `steps` must be an integer, but is `18446744073709551615`");
  EXPECT_EQ(after_json({{"resume", "yes"}}), "`source`: `resume` must be true or false, but is `\"yes\"`");
  EXPECT_EQ(after_json({{"model", 3}}), "`source`: `model` must be a string, but is `3`");
  EXPECT_EQ(after_json({{"layers", 3}}), "`source`: `layers` must be a list, but is `3`");
  EXPECT_EQ(after_json({{"layers", {1, "x"}}}), "`source`: `layers` must be an integer, but is `\"x\"`");
  EXPECT_EQ(after_json({{"layers", {1, 12}}}), "`source`: `layers` must be between 0 and 11, but is `12`");
  EXPECT_EQ(after_json({{"qqq", 1}}), "`source`: unknown key `qqq`; see --help");
}

TEST(Fields, AProblemLeavesTheFieldAsItWas) {
  SampleConfig config;
  FieldList list;
  config.fields(list);
  EXPECT_THROW(set_fields_from_json(list, {{"layers", {5, 99}}, {"steps", 4}}, "x"), UserError);
  EXPECT_EQ(config.layers, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(config.steps, 4);
  EXPECT_FALSE(list.find("layers")->was_set);
}

// A file in a form of its own sets the other fields of its group; config file and flags win over it.
TEST(Fields, AGroupCanBeReadFromAFile) {
  struct Config {
    std::string shape_file, shape = "round", color = "red";
    int64_t size = 1;
    void fields(FieldList& list) {
      list.group("Shape");
      list.add("shape_file", shape_file,
               {.help = "File.", .read_group = [](const std::string& path) -> Json {
                  if (path == "none") throw UserError("`none` must be there, but is not");
                  return path == "wrong" ? Json{{"color", "blue"}} : Json{{"shape", "square"}, {"size", 5}};
                }});
      list.add("shape", shape, {.help = "Shape."});
      list.add("size", size, {.help = "Size.", .max = 9});
      list.group("Color");
      list.add("color", color, {.help = "Color."});
    }
  };
  const auto parse = [](const std::vector<std::string>& words) {
    Config config;
    FieldList list;
    config.fields(list);
    parse_flags(list, words);
    return config;
  };
  EXPECT_EQ(parse({"--shape_file", "right"}).shape, "square");
  EXPECT_EQ(parse({"--shape", "long", "--shape_file", "right"}).shape, "long");
  EXPECT_EQ(parse({"--shape", "long", "--shape_file", "right"}).size, 5);
  EXPECT_EQ(user_error([&] { parse({"--shape_file", "wrong"}); }), "`wrong`: unknown key `color`; see --help");
  EXPECT_EQ(user_error([&] { parse({"--shape_file", "none"}); }), "`none` must be there, but is not");
}

TEST(Fields, FindByNameAliasAndDashes) {
  SampleConfig config;
  FieldList list;
  config.fields(list);
  EXPECT_EQ(list.find("learning-rate"), list.find("lr"));
  EXPECT_EQ(list.find("nothing"), nullptr);
}

}  // namespace
}  // namespace retort
