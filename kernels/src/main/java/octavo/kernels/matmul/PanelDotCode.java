package octavo.kernels.matmul;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.util.List;

/**
 * Writes the classes of {@link PanelDot}: bytecode, as a compiler would make it of loops written
 * out for a width, a way of decoding, some rows and some panels.
 */
final class PanelDotCode {
  /*
   * Written in Java, the loops of five ways of decoding, three shapes, with runs and without,
   * were 4700 lines: every sum, load and shift of a tile is a statement, since C2 stops inlining
   * methods of ours once a loop holds some thirty vector operations, and vectors are boxed then.
   * Here the statements are what loops over panels, halves, columns and rows say.
   *
   * Decoding. A float code at the top of a 32-bit lane, what lies below it masked away, sign-
   * extended by 8 - e bits (e the exponent's): its exponent and mantissa stand where FP32 has
   * the lowest bits of the one and the highest of the other, and the lane is the code's number
   * times 2^(bias - 127), subnormals included. SkinnyProduct makes up for that power of two in
   * x. BF16 needs a shift or a mask only. Integers are shifted down with their signs and
   * converted; with six bits after the point (MXINT8) they are 64 times too large, which
   * SkinnyProduct makes up for too.
   *
   * A code gets to the top by a load one, two or three bytes earlier, and a shift by four for
   * the lower code of a byte: shifts have half the throughput of loads, and no vector of codes
   * has to stay in a register while its bytes are used.
   *
   * Four panels at once for one row: a core prefetches each as a stream of its own. From DRAM
   * one stream came at 14 to 18 GB/s, four at 23 to 26 (Zen 3). Two panels at once where codes have
   * four bits, which are bound by instructions: of four the loop has 2218 bytes of bytecode, and in
   * three of 45 processes C1 had no virtual registers left for it, so that C2 never saw it and a
   * product took a thousand times as long. Two cost a twentieth (MXFP4 23.5 in place of 25 GFLOP/s,
   * E2M1 34 in place of 35). One row by 4096 x 4096, each 5
   * runs, next to the loops that were written out, each in its own process, shares of four
   * streams: BF16 0.92 and more, E4M3FN 0.63 (0.62), E2M1 0.29 (0.31), MXFP4 0.26 (0.23), 21.7
   * GFLOP/s (22.0). Codes of eight and four bits are bound by instructions: in the loops written
   * out C2 spent seven on a multiply-add, three of them on the address of a load, as the base
   * had been spilled.
   *
   * Lost, one row, 4096 x 4096 (GFLOP/s; with what is here E4M3FN 29 to 32, E2M1 26 to 31, MXFP4
   * 22):
   *   - One load per word, halves decoded together by shifts of 16-bit lanes and one mask, steps
   *     of four columns: 21, 20, 16. C2 has no shift of 16-bit lanes by an immediate, makes the
   *     mask anew for each use and spills sums.
   *   - In runs, a loop over runs around one over columns, sums in registers between: MXFP4 20,
   *     though E2M1 had 32. Perhaps the range checks that C2 hoists out of the inner loop, some
   *     for each load, cost more than loading and storing the sums every four columns; the code
   *     was not looked at.
   *   - Shifts only, one load per word (E4M3FN from L2 12 to 17 GB/s instead of 20).
   *   - E4M3FN from DRAM, where this loop read 18 GB/s and four plain streams 25: two panels for
   *     four columns 15; four panels for four columns 15; addresses as distances from the first
   *     panel's, or with the constant last, 16 to 17. It takes 88 instructions for 16 multiply-adds,
   *     64 of them needed; ten are additions of the memory's address and a panel's offset, both
   *     spilled. Of the 16 loads of codes 12 are not aligned, and half of these cross cache lines.
   *
   * FP4 by INT8 as integers was not tried, as it promises nothing on AVX2 by count: the Vector
   * API has no byte multiply-add. Decoded with saturating subtractions, 16 codes take some nine
   * instructions to become sums of 16 bits, against seven plus two multiply-adds here.
   */

  private static final ClassDesc FLOATS = api("FloatVector");
  private static final ClassDesc INTS = api("IntVector");
  private static final ClassDesc VECTOR = api("Vector");
  private static final ClassDesc SPECIES = api("VectorSpecies");
  private static final ClassDesc OPERATORS = api("VectorOperators");
  private static final ClassDesc BINARY = api("VectorOperators$Binary");
  private static final ClassDesc ASSOCIATIVE = api("VectorOperators$Associative");
  private static final ClassDesc CONVERSION = api("VectorOperators$Conversion");
  private static final ClassDesc SEGMENT = ClassDesc.of("java.lang.foreign.MemorySegment");
  private static final ClassDesc MEMORY = ClassDesc.of("octavo.kernels.vector.NativeMemory");
  private static final ClassDesc ORDER = ClassDesc.of("java.nio.ByteOrder");
  private static final ClassDesc ARRAY = ConstantDescs.CD_float.arrayType();
  private static final ClassDesc LOOKUP = ConstantDescs.CD_MethodHandles_Lookup;

  /** That of PanelDot.multiply. */
  private static final MethodTypeDesc MULTIPLY =
      MethodTypeDesc.of(
          ConstantDescs.CD_void,
          SEGMENT,
          ConstantDescs.CD_long,
          ConstantDescs.CD_long,
          ConstantDescs.CD_long,
          ConstantDescs.CD_long,
          ConstantDescs.CD_int,
          ConstantDescs.CD_int,
          ARRAY,
          ConstantDescs.CD_int,
          ConstantDescs.CD_int,
          ARRAY,
          ConstantDescs.CD_int,
          ConstantDescs.CD_int,
          ConstantDescs.CD_int,
          ConstantDescs.CD_int);

  private static final String FLOAT_SPECIES = "FLOATS";
  private static final String INT_SPECIES = "INTS";

  // Parameters of PanelDot.multiply.
  private static final int CODES = 0;
  private static final int AT = 1;
  private static final int FROM = 5;
  private static final int TO = 6;
  private static final int X = 7;
  private static final int X_AT = 8;
  private static final int X_STEP = 9;
  private static final int SUMS = 10;
  private static final int SUMS_AT = 11;
  private static final int PANEL_STEP = 12;
  private static final int LENGTH_SHIFT = 13;
  private static final int RUN_STEP = 14;

  private final ClassDesc self;
  private final InPlace weights;
  private final int lanes;
  private final int rows;
  private final int panels;
  private final boolean runs;
  private final int step;

  // The method being written.
  private CodeBuilder code;
  private int k;
  private int sums;
  private int mask;
  private int[] accumulators = {};

  @SuppressWarnings("NullAway.Init")
  private PanelDotCode(InPlace weights, int lanes, int rows, int panels, boolean runs) {
    this.self = ClassDesc.of(PanelDotCode.class.getPackageName(), "PanelDotLanes");
    this.weights = weights;
    this.lanes = lanes;
    this.rows = rows;
    this.panels = panels;
    this.runs = runs;
    this.step = runs ? PanelDot.STEP : weights.group();
  }

  private static ClassDesc api(String name) {
    return ClassDesc.of("jdk.incubator.vector", name);
  }

  static byte[] of(InPlace weights, int lanes, int rows, int panels, boolean runs) {
    return new PanelDotCode(weights, lanes, rows, panels, runs).build();
  }

  private byte[] build() {
    return ClassFile.of()
        .build(
            self,
            type -> {
              type.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER);
              type.withInterfaceSymbols(PanelDot.class.describeConstable().orElseThrow());
              for (String name : List.of(FLOAT_SPECIES, INT_SPECIES)) {
                type.withField(name, SPECIES, ClassFile.ACC_STATIC | ClassFile.ACC_FINAL);
              }
              type.withMethodBody(
                  ConstantDescs.CLASS_INIT_NAME,
                  ConstantDescs.MTD_void,
                  ClassFile.ACC_STATIC,
                  this::species);
              type.withMethodBody(
                  ConstantDescs.INIT_NAME,
                  ConstantDescs.MTD_void,
                  0,
                  its ->
                      its.aload(0)
                          .invokespecial(
                              ConstantDescs.CD_Object,
                              ConstantDescs.INIT_NAME,
                              ConstantDescs.MTD_void)
                          .return_());
              type.withMethodBody(
                  "rows",
                  MethodTypeDesc.of(ConstantDescs.CD_int),
                  ClassFile.ACC_PUBLIC,
                  its -> its.loadConstant(rows).ireturn());
              type.withMethodBody(
                  "panels",
                  MethodTypeDesc.of(ConstantDescs.CD_int),
                  ClassFile.ACC_PUBLIC,
                  its -> its.loadConstant(panels).ireturn());
              type.withMethodBody("multiply", MULTIPLY, ClassFile.ACC_PUBLIC, this::multiply);
            });
  }

  private void species(CodeBuilder its) {
    ClassDesc source = ClassDesc.of("octavo.kernels.vector.Species");
    for (String name : List.of(FLOAT_SPECIES, INT_SPECIES)) {
      its.invokestatic(
              MethodHandles.class.describeConstable().orElseThrow(),
              "lookup",
              MethodTypeDesc.of(LOOKUP))
          .loadConstant(name.equals(FLOAT_SPECIES) ? ConstantDescs.CD_float : ConstantDescs.CD_int)
          .invokestatic(source, "of", MethodTypeDesc.of(SPECIES, LOOKUP, ConstantDescs.CD_Class))
          .putstatic(self, name, SPECIES);
    }
    its.return_();
  }

  // c = sums                                  | in runs:
  // for (k = from; k < to; k += step) {       |   for each panel {
  //   c = fma(w, x, c), all panels            |     c = sums of its run
  // }                                         |     c = fma(w, x, c)
  // sums = c                                  |     sums of its run = c
  //                                           |   }
  private void multiply(CodeBuilder its) {
    code = its;
    // As NativeMemory says: the loads of the loop shall know the class of their segment.
    its.getstatic(MEMORY, "SEGMENT", ConstantDescs.CD_Class)
        .aload(its.parameterSlot(CODES))
        .invokevirtual(
            ConstantDescs.CD_Class,
            "cast",
            MethodTypeDesc.of(ConstantDescs.CD_Object, ConstantDescs.CD_Object))
        .checkcast(SEGMENT)
        .astore(its.parameterSlot(CODES));
    k = its.allocateLocal(TypeKind.INT);
    sums = its.allocateLocal(TypeKind.INT);
    accumulators = new int[panels * rows * 2];
    for (int i = 0; i < accumulators.length; i++) {
      accumulators[i] = its.allocateLocal(TypeKind.REFERENCE);
    }
    if (weights.storageBits() < 32 && !weights.integer()) {
      mask = its.allocateLocal(TypeKind.REFERENCE);
      its.getstatic(self, INT_SPECIES, SPECIES)
          .loadConstant(weights.mask())
          .invokestatic(INTS, "broadcast", MethodTypeDesc.of(INTS, SPECIES, ConstantDescs.CD_int))
          .astore(mask);
    }
    its.iload(its.parameterSlot(SUMS_AT)).istore(sums);
    if (!runs) {
      sums(0, panels, true);
    }
    Label next = its.newLabel();
    Label done = its.newLabel();
    its.iload(its.parameterSlot(FROM)).istore(k);
    its.labelBinding(next).iload(k).iload(its.parameterSlot(TO)).if_icmpge(done);
    its.block(this::step);
    code = its;
    its.iinc(k, step).goto_(next).labelBinding(done);
    if (!runs) {
      sums(0, panels, false);
    }
    its.return_();
  }

  private void step(CodeBuilder its) {
    code = its;
    int[] x = new int[step * rows];
    for (int i = 0; i < x.length; i++) {
      x[i] = its.allocateLocal(TypeKind.REFERENCE);
      x(i / rows, i % rows);
      its.astore(x[i]);
    }
    int weight = its.allocateLocal(TypeKind.REFERENCE);
    if (!runs) {
      products(0, panels, x, weight);
      return;
    }
    its.iload(its.parameterSlot(SUMS_AT))
        .iload(k)
        .iload(its.parameterSlot(LENGTH_SHIFT))
        .ishr()
        .iload(its.parameterSlot(RUN_STEP))
        .imul()
        .iadd()
        .istore(sums);
    for (int p = 0; p < panels; p++) {
      sums(p, p + 1, true);
      products(p, p + 1, x, weight);
      sums(p, p + 1, false);
    }
  }

  private void products(int fromPanel, int toPanel, int[] x, int weight) {
    for (int column = 0; column < step; column++) {
      for (int p = fromPanel; p < toPanel; p++) {
        for (int half = 0; half < 2; half++) {
          weight(p, column, half);
          code.astore(weight);
          for (int r = 0; r < rows; r++) {
            int c = accumulators[(p * rows + r) * 2 + half];
            code.aload(weight)
                .aload(x[column * rows + r])
                .aload(c)
                .invokevirtual(FLOATS, "fma", MethodTypeDesc.of(FLOATS, VECTOR, VECTOR))
                .astore(c);
          }
        }
      }
    }
  }

  /** Loads or stores the sums of some panels. */
  private void sums(int fromPanel, int toPanel, boolean load) {
    for (int p = fromPanel; p < toPanel; p++) {
      for (int v = 0; v < 2 * rows; v++) {
        int accumulator = accumulators[p * 2 * rows + v];
        if (load) {
          code.getstatic(self, FLOAT_SPECIES, SPECIES);
        } else {
          code.aload(accumulator);
        }
        code.aload(code.parameterSlot(SUMS)).iload(sums);
        if (p > 0) {
          code.iload(code.parameterSlot(PANEL_STEP)).loadConstant(p).imul().iadd();
        }
        if (v > 0) {
          code.loadConstant(v * lanes).iadd();
        }
        if (load) {
          code.invokestatic(
                  FLOATS,
                  "fromArray",
                  MethodTypeDesc.of(FLOATS, SPECIES, ARRAY, ConstantDescs.CD_int))
              .astore(accumulator);
        } else {
          code.invokevirtual(
              FLOATS,
              "intoArray",
              MethodTypeDesc.of(ConstantDescs.CD_void, ARRAY, ConstantDescs.CD_int));
        }
      }
    }
  }

  /** Pushes x of a column in all lanes. */
  private void x(int column, int r) {
    code.getstatic(self, FLOAT_SPECIES, SPECIES)
        .aload(code.parameterSlot(X))
        .iload(code.parameterSlot(X_AT));
    if (r > 0) {
      code.iload(code.parameterSlot(X_STEP)).loadConstant(r).imul().iadd();
    }
    code.iload(k).iadd();
    if (column > 0) {
      code.loadConstant(column).iadd();
    }
    code.faload()
        .invokestatic(
            FLOATS, "broadcast", MethodTypeDesc.of(FLOATS, SPECIES, ConstantDescs.CD_float));
  }

  /** Pushes a vector of a panel, some bytes behind those of column k. */
  private void load(ClassDesc type, String species, int panel, int behind) {
    int bytes = 2 * lanes * weights.storageBits() / Byte.SIZE;
    code.getstatic(self, species, SPECIES)
        .aload(code.parameterSlot(CODES))
        .iload(k)
        .i2l()
        .loadConstant((long) bytes)
        .lmul();
    if (behind > 0) {
      code.loadConstant((long) behind).ladd();
    }
    code.lload(code.parameterSlot(AT + panel))
        .ladd()
        .getstatic(ORDER, "LITTLE_ENDIAN", ORDER)
        .invokestatic(
            type,
            "fromMemorySegment",
            MethodTypeDesc.of(type, SPECIES, SEGMENT, ConstantDescs.CD_long, ORDER));
  }

  /** Pushes the numbers of a word's column for half a panel. */
  private void weight(int panel, int column, int half) {
    int bits = weights.storageBits();
    int behind = column / weights.group() * 2 * lanes * weights.group() * bits / Byte.SIZE;
    if (bits == 32) {
      load(FLOATS, FLOAT_SPECIES, panel, behind + half * lanes * Float.BYTES);
      return;
    }
    // The code is brought to the top of its 32 bits: in whole bytes by loading from before.
    int up = (half == 0 ? 32 : 16) - bits * (column % weights.group() + 1);
    if (bits == 16) {
      load(INTS, INT_SPECIES, panel, behind);
      shift("LSHL", up);
    } else {
      load(INTS, INT_SPECIES, panel, behind + PanelDot.LEAD - up / Byte.SIZE);
      shift("LSHL", up % Byte.SIZE);
    }
    shift("ASHR", weights.shift());
    if (weights.integer()) {
      code.getstatic(OPERATORS, "I2F", CONVERSION)
          .iconst_0()
          .invokevirtual(
              INTS, "convert", MethodTypeDesc.of(VECTOR, CONVERSION, ConstantDescs.CD_int))
          .checkcast(FLOATS);
      return;
    }
    if (half == 1 || weights.mask() != 0xFFFF_0000) {
      code.getstatic(OPERATORS, "AND", ASSOCIATIVE)
          .aload(mask)
          .invokevirtual(INTS, "lanewise", MethodTypeDesc.of(INTS, BINARY, VECTOR));
    }
    code.invokevirtual(INTS, "reinterpretAsFloats", MethodTypeDesc.of(FLOATS));
  }

  private void shift(String operator, int by) {
    if (by > 0) {
      code.getstatic(OPERATORS, operator, BINARY)
          .loadConstant(by)
          .invokevirtual(INTS, "lanewise", MethodTypeDesc.of(INTS, BINARY, ConstantDescs.CD_int));
    }
  }
}
