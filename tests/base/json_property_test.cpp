// Properties that hold for every document, tried on seeded random ones. A failure prints the seed
// of its case.
#include "operator/base/instant.h"
#include "operator/base/json.h"
#include "operator/base/random.h"

#include <gtest/gtest.h>

#include <map>
#include <span>

namespace doorbuster {
namespace {

constexpr std::uint64_t kCases = 3000;

/// A plain tree: the reference against which texts are judged.
struct Tree {
  JsonType type = JsonType::Null;
  std::string scalar;  // source text of a number or boolean; contents of a string
  std::vector<Tree> elements;
  std::map<std::string, Tree> members;
  bool operator==(const Tree&) const = default;
};

const std::vector<std::string> kNames = {
    "a", "b", "spec", "x/y", "m~n", "q\"q", "\xC3\xA4", "", "0", "-"};
const std::vector<std::string> kNumbers = {"0", "1", "-7", "2.5", "1e3", "300", "0.1"};

Tree random_tree(Random& random, int depth) {
  Tree tree;
  const std::uint64_t kind = random.below(depth > 0 ? 8 : 4);
  if (kind == 1) {
    tree.type = JsonType::Boolean;
    tree.scalar = random.chance(1, 2) ? "true" : "false";
  } else if (kind == 2) {
    tree.type = JsonType::Number;
    tree.scalar = random.pick(kNumbers);
  } else if (kind == 3) {
    tree.type = JsonType::String;
    tree.scalar = random.pick(kNames);
  } else if (kind == 4 || kind == 5) {
    tree.type = JsonType::Array;
    for (auto left = random.below(4); left > 0; --left)
      tree.elements.push_back(random_tree(random, depth - 1));
  } else if (kind > 5) {
    tree.type = JsonType::Object;
    for (auto left = random.below(5); left > 0; --left) {
      tree.members[random.pick(kNames)] = random_tree(random, depth - 1);
    }
  }
  return tree;
}

Tree random_object(Random& random) {
  Tree tree = random_tree(random, 3);
  while (tree.type != JsonType::Object) tree = random_tree(random, 3);
  return tree;
}

std::string blanks(Random& random) {
  return std::string(random.chance(1, 4) ? random.below(3) : 0, ' ');
}

/// The tree as text: members in any order, white space anywhere.
std::string spelled(const Tree& tree, Random& random) {
  std::string out = blanks(random);
  if (tree.type == JsonType::Null) out += "null";
  if (tree.type == JsonType::Boolean || tree.type == JsonType::Number) out += tree.scalar;
  if (tree.type == JsonType::String) out += quoted(tree.scalar);
  if (tree.type == JsonType::Array) {
    out += "[" + blanks(random);
    for (std::size_t i = 0; i < tree.elements.size(); ++i) {
      out += (i > 0 ? "," : "") + spelled(tree.elements[i], random);
    }
    out += "]";
  }
  if (tree.type == JsonType::Object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : tree.members) names.push_back(name);
    random.shuffle(names);
    out += "{" + blanks(random);
    for (std::size_t i = 0; i < names.size(); ++i) {
      out += (i > 0 ? "," : "") + blanks(random) + quoted(names[i]) + blanks(random) + ":" +
             spelled(tree.members.at(names[i]), random);
    }
    out += "}";
  }
  return out + blanks(random);
}

Tree tree_of(const JsonView& view) {
  Tree tree;
  tree.type = view.type();
  if (tree.type == JsonType::Boolean || tree.type == JsonType::Number) tree.scalar = view.text();
  if (tree.type == JsonType::String) tree.scalar = *view.string();
  for (const JsonView& element : view.elements()) tree.elements.push_back(tree_of(element));
  for (const auto& [name, value] : view.members()) tree.members[name] = tree_of(value);
  return tree;
}

Tree tree_of(const Json& json) { return tree_of(*JsonView::parse(json.text)); }

/// RFC 7396 section 2, on trees.
Tree merged(const Tree& target, const Tree& patch) {
  if (patch.type != JsonType::Object) return patch;
  Tree out = target.type == JsonType::Object
                 ? target
                 : Tree{.type = JsonType::Object, .scalar = {}, .elements = {}, .members = {}};
  for (const auto& [name, change] : patch.members) {
    if (change.type == JsonType::Null) {
      out.members.erase(name);
    } else {
      out.members[name] = merged(out.members[name], change);
    }
  }
  return out;
}

/// A pointer of members only, to something that may or may not be there.
std::vector<PointerStep> random_steps(Random& random) {
  std::vector<PointerStep> steps;
  for (auto left = 1 + random.below(3); left > 0; --left)
    steps.push_back({random.pick(kNames), {}});
  return steps;
}

void put(Tree& tree, std::span<const PointerStep> steps, const Tree& value) {
  if (steps.empty()) {
    tree = value;
    return;
  }
  tree.type = JsonType::Object;
  put(tree.members[steps.front().name], steps.subspan(1), value);
}

/// Does the way lead through objects only, as far as it exists?
bool leads_through_objects(const Tree& tree, std::span<const PointerStep> steps) {
  if (steps.empty()) return true;
  if (tree.type != JsonType::Object) return false;
  const auto found = tree.members.find(steps.front().name);
  return found == tree.members.end() || leads_through_objects(found->second, steps.subspan(1));
}

TEST(JsonPropertyTest, EverySpellingOfATreeReadsAsThatTree) {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    Random random(seed);
    const Tree tree = random_tree(random, 4);
    const Json text{spelled(tree, random)};
    ASSERT_TRUE(JsonView::parse(text.text).ok()) << "seed " << seed << ": " << text.text;
    ASSERT_EQ(tree_of(text), tree) << "seed " << seed << ": " << text.text;
  }
}

TEST(JsonPropertyTest, EqualityIsSymmetricAndBlindToSpelling) {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    Random random(seed);
    const Tree tree = random_tree(random, 3), other = random_tree(random, 2);
    const Json a{spelled(tree, random)}, b{spelled(tree, random)}, c{spelled(other, random)};
    ASSERT_TRUE(equal_values(a, b)) << "seed " << seed << ": " << a.text << " | " << b.text;
    ASSERT_EQ(equal_values(a, c), equal_values(c, a)) << "seed " << seed;
    ASSERT_EQ(equal_values(a, c), tree == other)
        << "seed " << seed << ": " << a.text << " | " << c.text;
  }
}

TEST(JsonPropertyTest, WhatWasPutIsFoundAndNothingElseChanges) {
  int added = 0, replaced = 0, refused = 0;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    Random random(seed);
    Tree tree = random_object(random);
    const Tree value = random_tree(random, 2);
    const auto steps = random_steps(random);
    const std::string pointer = pointer_of(steps);
    const Json document{spelled(tree, random)}, put_text{spelled(value, random)};
    const bool there = JsonView::parse(document.text)->at(pointer).ok();
    const auto edited = with_value(document, pointer, put_text);
    if (!leads_through_objects(tree, steps)) {
      ++refused;
      continue;  // through lists and scalars: the table of JsonEditTest
    }
    ASSERT_TRUE(edited.ok()) << "seed " << seed;
    ++(there ? replaced : added);
    const auto found = JsonView::parse(edited->text)->at(pointer);
    ASSERT_TRUE(found.ok() && equal_values(Json{std::string(found->text())}, put_text))
        << "seed " << seed;
    put(tree, steps, value);
    ASSERT_EQ(tree_of(*edited), tree) << "seed " << seed << ": " << document.text << " " << pointer;
  }
  EXPECT_GT(added, 300);
  EXPECT_GT(replaced, 100);
  EXPECT_GT(refused, 100);
}

TEST(JsonPropertyTest, RemovingWhatWasAddedGivesTheSameBytes) {
  int tried = 0;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    Random random(seed);
    const Tree tree = random_object(random);
    const Json document{spelled(tree, random)};
    const auto view = *JsonView::parse(document.text);
    const auto steps = random_steps(random);
    const std::vector<PointerStep> parent(steps.begin(), steps.end() - 1);
    const auto container = view.at(pointer_of(parent));
    if (!container || container->type() != JsonType::Object || container->member(steps.back().name))
      continue;
    ++tried;
    const std::string pointer = pointer_of(steps);
    const auto added = with_value(document, pointer, Json{spelled(random_tree(random, 2), random)});
    ASSERT_TRUE(added.ok()) << "seed " << seed;
    const auto removed = with_value(*added, pointer, std::nullopt);
    ASSERT_TRUE(removed.ok() && *removed == document)
        << "seed " << seed << ": " << document.text << " -> " << added->text << " -> "
        << removed->text;
  }
  EXPECT_GT(tried, 300);
}

TEST(JsonPropertyTest, RemovingTakesOneMemberAndLeavesTheRest) {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    Random random(seed);
    Tree tree = random_object(random);
    if (tree.members.empty()) continue;
    const Json document{spelled(tree, random)};
    auto victim = tree.members.begin();
    std::advance(victim, static_cast<std::ptrdiff_t>(random.below(tree.members.size())));
    const auto removed = with_value(document, pointer_of({{victim->first, {}}}), std::nullopt);
    tree.members.erase(victim);
    ASSERT_TRUE(removed.ok() && tree_of(*removed) == tree)
        << "seed " << seed << ": " << document.text;
  }
}

TEST(JsonPropertyTest, MergingAgreesWithTheReference) {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    Random random(seed);
    const Tree target = random_tree(random, 3), patch = random_tree(random, 3);
    const Json document{spelled(target, random)}, change{spelled(patch, random)};
    const auto result = merge_patched(document, change);
    ASSERT_TRUE(result.ok()) << "seed " << seed;
    ASSERT_EQ(tree_of(*result), merged(target, patch))
        << "seed " << seed << ": " << document.text << " + " << change.text;
  }
}

TEST(JsonPropertyTest, ATextCutShortOrWithOneByteChangedNeverMisleads) {
  int refused = 0;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    Random random(seed);
    std::string text = spelled(random_object(random), random);
    const auto place = static_cast<std::size_t>(random.below(text.size()));
    if (random.chance(1, 2)) {
      text.resize(place);
    } else {
      text[place] = static_cast<char>(random.below(256));
    }
    const auto view = JsonView::parse(text);
    if (!view) {
      ++refused;
      continue;
    }
    Random unused(0);
    ASSERT_TRUE(equal_values(Json{text}, Json{spelled(tree_of(*view), unused)}))
        << "seed " << seed << ": " << text;
  }
  EXPECT_GT(refused, 1000);
}

TEST(InstantPropertyTest, WhatIsWrittenReadsBack) {
  constexpr std::int64_t kYear10000 = 253402300800000;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    Random random(seed);
    const Instant at{std::chrono::milliseconds(random.between(0, kYear10000 - 1))};
    ASSERT_EQ(parse_rfc3339(to_rfc3339(at)), at) << "seed " << seed << ": " << to_rfc3339(at);
    const Duration span(
        random.between(0, random.chance(1, 2) ? 100'000'000 : kMaxDuration.count()));
    ASSERT_EQ(parse_duration(to_text(span)), span) << "seed " << seed << ": " << to_text(span);
  }
}

}  // namespace
}  // namespace doorbuster
