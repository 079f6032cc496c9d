package octavo.conformance;

/** One call of one operation on declared operands and values. */
interface Case {

  /** {@return the name: the stem, then everything that was declared, without blanks} */
  String id();

  /** Makes the operands, without values. */
  Call open(Workspace workspace);
}
