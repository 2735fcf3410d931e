// Sentence and question patterns. Questions use other words than the sentences where possible, so that matching words
// is not enough.
#include "retort/data/question_world/question_world_themes.h"

namespace retort::data {
namespace {

using enum ValueKind;

const Theme kTowns{
    .title = "Towns",
    .noun = "The town",
    .pronoun = "It",
    .name_kind = NameKind::kPlace,
    .name_suffix = "",
    .attributes = {{
        {kPerson,
         {"Who founded {name}?", "Who was the founder of {name}?", "Which person built the first houses of {name}?"}},
        {kYear,
         {"When was {name} founded?", "In which year did {name} receive its charter?",
          "What year marks the beginning of {name}?"}},
        {kHundreds,
         {"How many people live in {name}?", "What is the population of {name}?",
          "How large is the population of {name}?"}},
        {kRiver,
         {"Which river flows past {name}?", "On which river does {name} lie?",
          "Where does {name} draw its water from?"}},
        {kGoods, {"What does {name} sell?", "What is {name} known for making?", "Which goods come from {name}?"}},
    }},
    .sentences = {"{it} was founded by {0}.", "{it} grew from a camp that {0} set up.",
                  "{it} received its charter in {1}.", "{it} was laid out in {1} by {0}.", "{it} dates back to {1}.",
                  "{it} has {2} inhabitants.", "About {2} people call {name} their home.",
                  "{it} stands on the banks of the {3}.", "The {3} runs through the middle of {name}.",
                  "{it} trades in {4}.", "{it} is famous for its {4}.",
                  "{it} lies on the {3} and counts {2} residents."},
};

const Theme kMachines{
    .title = "Machines",
    .noun = "The machine",
    .pronoun = "It",
    .name_kind = NameKind::kThePlaceSuffix,
    .name_suffix = "engine|loom|press|pump|clock|crane|lathe|organ",
    .attributes = {{
        {kPerson, {"Who invented {name}?", "Who designed {name}?", "Which engineer came up with {name}?"}},
        {kYear,
         {"When was {name} first shown?", "In what year did the public first see {name}?",
          "In which year was {name} completed?"}},
        {kPlace,
         {"Where was {name} built?", "In which city was {name} made?", "Which city had the workshop of {name}?"}},
        {kHundreds,
         {"How many kilograms does {name} weigh?", "How heavy is {name} in kilograms?",
          "What is the weight of {name} in kilograms?"}},
        {kMaterial,
         {"What is the frame of {name} made of?", "Which material was used for the frame of {name}?",
          "What was {name} built from?"}},
    }},
    .sentences = {"{it} was invented by {0}.", "{it} is the work of {0}.", "{it} was finished in {1}.",
                  "{it} was presented to the public in {1}.", "{0} drew the plans of {name} in {1}.",
                  "{it} came from a workshop in {2}.", "{it} was assembled in {2}.", "{it} weighs {3} kilograms.",
                  "Movers count {3} kilograms for {name}.", "{it} has a frame of {4}.", "{it} consists mostly of {4}.",
                  "{it} was built in {2} from {4}."},
};

const Theme kVoyages{
    .title = "Voyages",
    .noun = "The ship",
    .pronoun = "She",
    .name_kind = NameKind::kShip,
    .name_suffix = "",
    .attributes = {{
        {kPerson, {"Who commanded {name}?", "Who was the captain of {name}?", "Under whom did {name} sail?"}},
        {kDate,
         {"When did {name} depart?", "On what day did {name} leave port?", "What was the departure date of {name}?"}},
        {kPlace, {"Where was {name} bound?", "What was the destination of {name}?", "To which port did {name} sail?"}},
        {kDozens,
         {"How many sailors were aboard {name}?", "How large was the crew of {name}?",
          "How many hands served on {name}?"}},
        {kGoods,
         {"What did {name} carry?", "What was the cargo of {name}?", "Which goods were in the hold of {name}?"}},
    }},
    .sentences = {"{it} sailed under {0}.", "{it} was led by captain {0}.", "{it} left the harbor on {1}.",
                  "{it} put to sea on {1} with {0} in command.", "{it} was on her way to {2}.",
                  "{it} set course for {2}.", "{it} had a crew of {3}.", "{3} men and women worked on {name}.",
                  "{it} was loaded with {4}.", "{it} took {4} to {2}.", "{it} brought {4} across the bay.",
                  "{it} cast off on {1}."},
};

const Theme kPaintings{
    .title = "Paintings",
    .noun = "The painting",
    .pronoun = "It",
    .name_kind = NameKind::kPainting,
    .name_suffix = "",
    .attributes = {{
        {kPerson, {"Who painted {name}?", "Which artist made {name}?", "By whom was {name} painted?"}},
        {kYear, {"When was {name} painted?", "From which year is {name}?", "In what year was {name} finished?"}},
        {kPlace, {"Where does {name} hang?", "In which city can {name} be seen?", "Which city shows {name}?"}},
        {kMoney, {"How much was paid for {name}?", "What did {name} cost?", "For what price was {name} sold?"}},
        {kPerson, {"Who bought {name}?", "Which collector acquired {name}?", "To whom was {name} sold?"}},
    }},
    .sentences = {"{it} was painted by {0}.", "{it} shows the hand of {0}.", "{it} is dated {1}.",
                  "{it} was completed by {0} in {1}.", "{it} hangs in the museum of {2}.",
                  "{it} can be visited in {2}.", "{it} fetched {3} at auction.", "{it} changed hands for {3}.",
                  "{it} was bought by {4}.", "{it} went to the collector {4} for {3}.", "{it} later belonged to {4}.",
                  "{it} is a work of the year {1}."},
};

const Theme kScholars{
    .title = "Scholars",
    .noun = "The scholar",
    .pronoun = "She",
    .name_kind = NameKind::kPerson,
    .name_suffix = "",
    .attributes = {{
        {kPlace,
         {"Where was {name} born?", "What is the birthplace of {name}?",
          "In which town did {name} come into the world?"}},
        {kDate, {"When was {name} born?", "What is the date of birth of {name}?", "On which day was {name} born?"}},
        {kField, {"What did {name} teach?", "What was the subject of {name}?", "Which field did {name} work in?"}},
        {kDozens,
         {"How many books did {name} write?", "How many volumes did {name} publish?",
          "What number of books came from {name}?"}},
        {kPerson, {"Who was the teacher of {name}?", "With whom did {name} study?", "Whose pupil was {name}?"}},
    }},
    .sentences = {"{it} was born in {0}.", "{it} came from {0}.", "{it} was born on {1}.",
                  "{it} first saw the light in {0} on {1}.", "{it} lectured on {2}.", "{it} devoted her life to {2}.",
                  "{it} left {3} books.", "{it} wrote {3} books in all.", "{it} studied under {4}.",
                  "{it} was a pupil of {4}.", "{it} learned {2} from {4}.", "{it} celebrated her birthday on {1}."},
};

const Theme kBridges{
    .title = "Bridges",
    .noun = "The bridge",
    .pronoun = "It",
    .name_kind = NameKind::kThePlaceSuffix,
    .name_suffix = "bridge|viaduct|crossing",
    .attributes = {{
        {kPerson, {"Who planned {name}?", "Who was the engineer of {name}?", "Which person designed {name}?"}},
        {kDate,
         {"When was {name} opened?", "On what day could people first cross {name}?",
          "What is the opening date of {name}?"}},
        {kRiver,
         {"Which river does {name} cross?", "What river runs under {name}?", "Over which water does {name} lead?"}},
        {kHundreds,
         {"How long is {name} in feet?", "What is the length of {name} in feet?",
          "How many feet does {name} measure?"}},
        {kDozens,
         {"How many arches does {name} have?", "What is the number of arches of {name}?",
          "On how many arches does {name} rest?"}},
    }},
    .sentences = {"{it} was designed by {0}.", "{it} follows a drawing of {0}.", "{it} was opened on {1}.",
                  "{it} was handed over by {0} on {1}.", "{it} spans the {2}.", "{it} carries the road over the {2}.",
                  "{it} is {3} feet long.", "From end to end {name} measures {3} feet.", "{it} rests on {4} arches.",
                  "{it} has {4} arches of stone.", "{it} reaches across the {2} with {4} arches.",
                  "{it} has been in use since {1}."},
};

const Theme kFairs{
    .title = "Fairs",
    .noun = "The fair",
    .pronoun = "It",
    .name_kind = NameKind::kThePlaceSuffix,
    .name_suffix = "fair|market|festival|regatta",
    .attributes = {{
        {kPerson, {"Who started {name}?", "Who organized {name} first?", "To whom does {name} owe its beginning?"}},
        {kMonth,
         {"When is {name} held?", "At what time of the year does {name} take place?", "When can people visit {name}?"}},
        {kHundreds,
         {"How many visitors come to {name}?", "How many guests does {name} have?", "How many people attend {name}?"}},
        {kMoney,
         {"How much is the prize of {name}?", "What does the winner of {name} receive?", "What can be won at {name}?"}},
        {kGoods, {"What is traded at {name}?", "What do people buy at {name}?", "Which goods are on offer at {name}?"}},
    }},
    .sentences = {"{it} was started by {0}.", "{it} goes back to an idea of {0}.", "{it} takes place in {1}.",
                  "{it} is celebrated in {1}.", "{it} attracts {2} visitors.",
                  "Every year {2} guests travel to {name}.", "{it} awards a prize of {3}.",
                  "{it} pays {3} to the winner.", "{it} is the place to buy {4}.", "{it} deals in {4}.",
                  "{it} draws {2} people in {1}.", "{it} was created by {0} to sell {4}."},
};

const Theme kMountains{
    .title = "Mountains",
    .noun = "The mountain",
    .pronoun = "It",
    .name_kind = NameKind::kMountain,
    .name_suffix = "",
    .attributes = {{
        {kPerson,
         {"Who first climbed {name}?", "Who reached the top of {name} first?", "Which climber conquered {name}?"}},
        {kDate,
         {"When was {name} first climbed?", "On what day was the summit of {name} reached?",
          "What is the date of the first ascent of {name}?"}},
        {kHundreds,
         {"How high is {name} in feet?", "What is the height of {name} in feet?", "How many feet does {name} rise?"}},
        {kPlace,
         {"Which town is closest to {name}?", "From where does the path up {name} start?",
          "Near which town is {name}?"}},
        {kRiver,
         {"Which river rises on {name}?", "What river has its source on {name}?",
          "Where does the melting snow of {name} flow?"}},
    }},
    .sentences = {"{it} was first climbed by {0}.", "{it} was conquered by {0} on {1}.",
                  "{it} saw its first ascent on {1}.", "{it} was reached by a rope party around {0}.",
                  "{it} is {2} feet high.", "{it} rises to {2} feet.", "{it} stands near the town of {3}.",
                  "Climbers set out for {name} from {3}.", "{it} feeds the {4}.", "{it} holds the springs of the {4}.",
                  "{it} kept its secret until {1}.", "{it} towers {2} feet above the sea close to {3}."},
};

const std::array<Theme, 8> kThemes{kTowns, kMachines, kVoyages, kPaintings, kScholars, kBridges, kFairs, kMountains};

constexpr std::array<std::string_view, 14> kFillers{
    "Older records disagree – scribes often copied one another’s mistakes.",
    "Much of this is known from letters found in a café cellar.",
    "Little else has been written about it.",
    "The archive calls this “certain”, others do not.",
    "A later survey confirmed these numbers.",
    "Several visitors have described it in their diaries.",
    "None of the neighbors remember it differently.",
    "The weather that season was unusually mild.",
    "A plaque (in Latin) repeats the story.",
    "Naïve retellings mix up the names.",
    "Some of the drawings were lost in a fire.",
    "The chronicle gives no further details.",
    "Experts have compared the sources twice.",
    "A song about it is still heard today.",
};

}  // namespace

std::span<const Theme> question_world_themes() { return kThemes; }
std::span<const std::string_view> question_world_fillers() { return kFillers; }

}  // namespace retort::data
