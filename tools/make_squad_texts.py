"""Paragraphs and questions for tests/fixtures/squad: plain prose, and every kind of character that made a SQuAD program
stumble. Imported by make_squad_fixtures.py; answers are given as text and found here, so offsets are code points."""

SUBJECTS = ["river", "bridge", "castle", "library", "harbor", "market", "railway", "garden", "tower", "school"]
PLACES = ["Avenmoor", "Brackley", "Cardhaven", "Dunmere", "Eastwick", "Fernhollow", "Glenrock", "Harrowgate"]
PEOPLE = ["Ada Brown", "Carl O'Neil", "Mei Tanaka", "Jon Smith-Lee", "Dr. Eva Novak", "Sir Tom Hale"]


def plain_paragraphs():
    """26 paragraphs of generated prose with numbers, names, repeated answers and several windows' worth of words."""
    for n in range(26):
        subject, place, person = SUBJECTS[n % 10], PLACES[n % 8], PEOPLE[n % 6]
        year, cost = 1800 + 7 * n, f"${n + 1}.{n % 10} million"
        sentences = [
            f"The {subject} of {place} was opened in {year} by {person}, who had planned it for {n + 2} years.",
            f"It cost {cost}, and {place} paid for it until {year + 30}.",
            f"In {year + 11} a flood (the \"Great Flood\") damaged the {subject}; {person} repaired it.",
            f"People of {place} still call it \"the old {subject}\", although a new {subject} was built nearby.",
        ]
        context = " ".join(sentences * (1 + n % 4))
        yield context, [
            (f"Who opened the {subject} of {place}?", [person, person.split()[-1]]),
            (f"When was the {subject} opened?", [str(year)]),
            (f"What did the {subject} cost?", [cost]),
        ], [f"Who sold the {subject} of {place} to the king of {PLACES[(n + 3) % 8]}?"]


def odd_paragraphs():
    """Contexts with the characters and places that go wrong. (context, [(question, [answers])])"""
    yield "Steve Smith's team (NFL) won 24–10 in the 2010s, said “Coach” O’Hara.", [
        ("Whose team won?", ["Steve Smith"]), ("Which league?", ["NFL"]), ("Which decade?", ["2010"]),
        ("What was the score?", ["24–10"]), ("Who said so?", ["“Coach” O’Hara", "O’Hara"])]
    yield "The price\u202fwas 12\u202f000\u00a0euros.\tA  second\r\nline   follows\u2003here.\u3000End", [
        ("What was the price?", ["12\u202f000\u00a0euros", "12\u202f000"]), ("What follows?", ["second\r\nline"]),
        ("What is the last word?", ["End"]), ("What is it?", ["The price"])]
    yield "Zürich and São Paulo, Cafe\u0301 Müller, naïve façade, A\u030angstro\u0308m, Dvořák’s Rusalka.", [
        ("Which city is in Brazil?", ["São Paulo"]), ("Which cafe?", ["Cafe\u0301 Müller"]),
        ("Which unit?", ["A\u030angstro\u0308m"]), ("Whose opera?", ["Dvořák", "Dvořák’s"])]
    yield "東京 is the capital of 日本。The 首都 has 14,000,000 people（2020）.", [
        ("What is the capital?", ["東京"]), ("Of what?", ["日本"]), ("How many?", ["14,000,000"])]
    yield "She wrote 😀😀 and 👩‍🚀 to Rome, then 𝔘𝔫𝔦code to Paris; the 𐐀𐐁 came last.", [
        ("Where first?", ["Rome"]), ("Where then?", ["Paris"]), ("What came last?", ["𐐀𐐁"])]
    yield "Ο ΣΊΣΥΦΟΣ and ΟΔΥΣΣΕΎΣ met in İstanbul; ẞTRASSE and straße, Ǆ and ﬁne.", [
        ("Who met?", ["ΣΊΣΥΦΟΣ"]), ("With whom?", ["ΟΔΥΣΣΕΎΣ"]), ("Where?", ["İstanbul"]), ("Which street?", ["ẞTRASSE"])]
    yield "A soft\u00adhyphen, a zero\u200bwidth, a bell\u0007 and a mark\ufeff stay; \u200eleft\u200e to right.", [
        ("Which hyphen?", ["soft\u00adhyphen"]), ("Which width?", ["zero\u200bwidth"]), ("Which way?", ["left\u200e to right"])]
    yield "  Leading spaces, answer at the start and at the end  ", [
        ("What leads?", ["Leading spaces"]), ("Where?", ["at the end"])]
    yield "Tokens like [SEP] and [MASK] or [CLS] in text, and ##ing too.", [
        ("Which token?", ["[SEP] and [MASK]"]), ("What else?", ["##ing"])]
    yield "हिन्दी और العربية, 한국어 and ภาษาไทย; ½ of ² and Ⅷ.", [
        ("Which script?", ["हिन्दी"]), ("Which other?", ["العربية"]), ("And then?", ["한국어"]), ("How much?", ["½ of ²"])]
    yield "the the the the river the the river", [("What?", ["river"]), ("Which?", ["the the river"])]
    yield "One", [("What is it?", ["One"])]
    yield "A" * 101 + " is too long a word; " + "b" * 100 + " is not.", [("What is it?", ["too long a word"])]
    yield "It isn't a don't-know; e.g. U.S.A. vs. U.K., 3.14%, #1, C++ & C#, x_y, a/b.", [
        ("Which country?", ["U.S.A."]), ("Which number?", ["3.14"]), ("Which language?", ["C++"]), ("Which name?", ["x_y"])]
    # 500 pieces, question of 10: windows [0,371) [128,499) [256,500) with 384/128.
    yield " ".join(["river", "bridge", "castle", "library", "the"] * 100), [
        ("the the the the the the the the the the", ["river bridge"])]


def make_dataset(version_2):
    """The official form; with version_2 every paragraph of prose also has an impossible question."""
    entries, number = [], 0
    paragraphs = [(c, q, i) for c, q, i in plain_paragraphs()] + [(c, q, []) for c, q in odd_paragraphs()]
    for start in range(0, len(paragraphs), 8):
        entry = {"title": f"Part {start // 8}", "paragraphs": []}
        for context, questions, impossible in paragraphs[start:start + 8]:
            qas = []
            for question, answers in questions:
                found = [{"text": a, "answer_start": context.index(a)} for a in answers]
                qas.append({"id": f"q{number:03}", "question": question, "answers": found})
                number += 1
            for question in impossible if version_2 else []:
                qas.append({"id": f"n{number:03}", "question": question, "answers": [],
                            "plausible_answers": [{"text": "the", "answer_start": 0}]})
                number += 1
            if version_2:
                for qa in qas:
                    qa["is_impossible"] = qa["id"].startswith("n")
            entry["paragraphs"].append({"context": context, "qas": qas})
        entries.append(entry)
    return {"version": "v2.0" if version_2 else "1.1", "data": entries}
