/**
 * The policy of an installation that has been given none. It never touches accounts and rooms, and what nobody graded or
 * what is not near is only hidden until a person has looked.
 */
export const DEFAULT_POLICY = `# What is done about a verdict. Rules are asked from the top; the first that matches and does not say
# \`then: continue\` ends it. Every rule that proposes more than a case rests on something that was found.
policy: 1
rules:
  - name: known
    note: Byte for byte, or by its looks, what a list names and has graded.
    when:
      verdict: match
      signal: [md5, sha1, sha256, pdq, vpdq]
      distance: 0-16
      grade: any
    do:
      - remove
      - preserve
      - open-case: { priority: 80 }

  - name: known-link
    note: An address that a list of addresses names as it is.
    when:
      verdict: match
      link: exact
    do:
      - remove
      - open-case: { priority: 70 }

  - name: other-match
    note: Farther away, of no grade, by PhotoDNA, by the host of an address. Hidden until a person has decided.
    when:
      verdict: match
    do:
      - hide
      - preserve
      - open-case: { priority: 60 }

  - name: not-looked-at
    note: After all attempts it could not be told. No verdict is not a good one.
    when:
      verdict: could-not-tell
    do:
      - open-case: { priority: 20 }

  - name: keywords
    note: For people alone.
    when:
      found: keyword
    do:
      - open-case: { priority: 30 }
`;
