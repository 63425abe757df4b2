"""Real Anki, asked by tests in a process of its own: `anki` is AGPL, and no dependency of guide.

    python anki_judge.py COLLECTION < steps.json

Each step is {"import": path}, {"review": number} or {"show": true}; the answers are JSON, one line each.
"""

import json
import sys

from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest


def imported(collection, path):
    """Import a package as the program does; return how many notes were new, updated, and so on."""
    request = ImportAnkiPackageRequest(package_path=path, options=ImportAnkiPackageOptions(with_scheduling=False))
    log = collection.import_anki_package(request).log
    return {name: len(getattr(log, name)) for name in ("new", "updated", "duplicate", "conflicting")}


def reviewed(collection, number):
    """Answer the first cards with Good."""
    done = []
    collection.decks.select(next(d.id for d in collection.decks.all_names_and_ids() if d.name != "Default"))
    for _ in range(number):
        card = collection.sched.getCard()
        if card is None:
            break
        collection.sched.answerCard(card, 3)
        done.append(card.id)
    return len(set(done))


def shown(collection):
    """Return every note with its fields, and its cards with their schedules and what they show."""
    notes = {}
    for number in collection.find_notes(""):
        note = collection.get_note(number)
        cards = [
            {"ord": c.ord, "due": c.due, "ivl": c.ivl, "reps": c.reps, "type": c.type, "deck": collection.decks.name(c.did),
             "question": c.question().partition("</style>")[2], "answer": c.answer().partition("</style>")[2]}
            for c in note.cards()
        ]
        notes[note.guid] = {"type": note.note_type()["name"], "fields": dict(note.items()), "tags": note.tags,
                            "cards": cards}
    return {"notes": notes, "media": sorted(collection.media.check().unused), "missing": list(collection.media.check().missing)}


def main():
    """Answer the steps."""
    collection = Collection(sys.argv[1])
    for step in json.load(sys.stdin):
        if "import" in step:
            answer = imported(collection, step["import"])
        elif "review" in step:
            answer = reviewed(collection, step["review"])
        else:
            answer = shown(collection)
        print(json.dumps(answer))
    collection.close()


main()
