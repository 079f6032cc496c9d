package octavo.kernels.matmul;

import octavo.format.ElementFormat;
import octavo.format.Formats;

/** The loops of {@link ScalarProduct}: leaves over arrays. */
final class ScalarLoops {

  private ScalarLoops() {}

  // ---- eight chains

  /** Continues eight chains: {@code sums[s+r] = fma(x[k], b[at + r * stride + k], sums[s+r])}. */
  static void chains(
      float[] x, int xAt, int count, float[] b, int at, int stride, float[] sums, int s) {
    int b1 = at + stride;
    int b2 = b1 + stride;
    int b3 = b2 + stride;
    int b4 = b3 + stride;
    int b5 = b4 + stride;
    int b6 = b5 + stride;
    int b7 = b6 + stride;
    float s0 = sums[s];
    float s1 = sums[s + 1];
    float s2 = sums[s + 2];
    float s3 = sums[s + 3];
    float s4 = sums[s + 4];
    float s5 = sums[s + 5];
    float s6 = sums[s + 6];
    float s7 = sums[s + 7];
    for (int k = 0; k < count; k++) {
      float v = x[xAt + k];
      s0 = Math.fma(v, b[at + k], s0);
      s1 = Math.fma(v, b[b1 + k], s1);
      s2 = Math.fma(v, b[b2 + k], s2);
      s3 = Math.fma(v, b[b3 + k], s3);
      s4 = Math.fma(v, b[b4 + k], s4);
      s5 = Math.fma(v, b[b5 + k], s5);
      s6 = Math.fma(v, b[b6 + k], s6);
      s7 = Math.fma(v, b[b7 + k], s7);
    }
    sums[s] = s0;
    sums[s + 1] = s1;
    sums[s + 2] = s2;
    sums[s + 3] = s3;
    sums[s + 4] = s4;
    sums[s + 5] = s5;
    sums[s + 6] = s6;
    sums[s + 7] = s7;
  }

  /** As {@link #chains(float[], int, int, float[], int, int, float[], int)}, of codes. */
  static void chains(
      float[] x,
      int xAt,
      int count,
      byte[] b,
      float[] table,
      int at,
      int stride,
      float[] sums,
      int s) {
    int b1 = at + stride;
    int b2 = b1 + stride;
    int b3 = b2 + stride;
    int b4 = b3 + stride;
    int b5 = b4 + stride;
    int b6 = b5 + stride;
    int b7 = b6 + stride;
    int mask = table.length - 1;
    float s0 = sums[s];
    float s1 = sums[s + 1];
    float s2 = sums[s + 2];
    float s3 = sums[s + 3];
    float s4 = sums[s + 4];
    float s5 = sums[s + 5];
    float s6 = sums[s + 6];
    float s7 = sums[s + 7];
    for (int k = 0; k < count; k++) {
      float v = x[xAt + k];
      s0 = Math.fma(v, table[b[at + k] & mask], s0);
      s1 = Math.fma(v, table[b[b1 + k] & mask], s1);
      s2 = Math.fma(v, table[b[b2 + k] & mask], s2);
      s3 = Math.fma(v, table[b[b3 + k] & mask], s3);
      s4 = Math.fma(v, table[b[b4 + k] & mask], s4);
      s5 = Math.fma(v, table[b[b5 + k] & mask], s5);
      s6 = Math.fma(v, table[b[b6 + k] & mask], s6);
      s7 = Math.fma(v, table[b[b7 + k] & mask], s7);
    }
    sums[s] = s0;
    sums[s + 1] = s1;
    sums[s + 2] = s2;
    sums[s + 3] = s3;
    sums[s + 4] = s4;
    sums[s + 5] = s5;
    sums[s + 6] = s6;
    sums[s + 7] = s7;
  }

  /** As {@link #chains(float[], int, int, float[], int, int, float[], int)}, of BF16. */
  static void chains(
      float[] x, int xAt, int count, short[] b, int at, int stride, float[] sums, int s) {
    int b1 = at + stride;
    int b2 = b1 + stride;
    int b3 = b2 + stride;
    int b4 = b3 + stride;
    int b5 = b4 + stride;
    int b6 = b5 + stride;
    int b7 = b6 + stride;
    float s0 = sums[s];
    float s1 = sums[s + 1];
    float s2 = sums[s + 2];
    float s3 = sums[s + 3];
    float s4 = sums[s + 4];
    float s5 = sums[s + 5];
    float s6 = sums[s + 6];
    float s7 = sums[s + 7];
    for (int k = 0; k < count; k++) {
      float v = x[xAt + k];
      s0 = Math.fma(v, Float.intBitsToFloat(b[at + k] << 16), s0);
      s1 = Math.fma(v, Float.intBitsToFloat(b[b1 + k] << 16), s1);
      s2 = Math.fma(v, Float.intBitsToFloat(b[b2 + k] << 16), s2);
      s3 = Math.fma(v, Float.intBitsToFloat(b[b3 + k] << 16), s3);
      s4 = Math.fma(v, Float.intBitsToFloat(b[b4 + k] << 16), s4);
      s5 = Math.fma(v, Float.intBitsToFloat(b[b5 + k] << 16), s5);
      s6 = Math.fma(v, Float.intBitsToFloat(b[b6 + k] << 16), s6);
      s7 = Math.fma(v, Float.intBitsToFloat(b[b7 + k] << 16), s7);
    }
    sums[s] = s0;
    sums[s + 1] = s1;
    sums[s + 2] = s2;
    sums[s + 3] = s3;
    sums[s + 4] = s4;
    sums[s + 5] = s5;
    sums[s + 6] = s6;
    sums[s + 7] = s7;
  }

  /** Adds runs to sums: {@code sums[s+r] = fma(p[r], scaleA * scalesB[at+r], sums[s+r])}. */
  static void addRuns(
      float[] p, float scaleA, float[] scalesB, int at, float[] sums, int s, int count) {
    for (int r = 0; r < count; r++) {
      sums[s + r] = Math.fma(p[r], scaleA * scalesB[at + r], sums[s + r]);
    }
  }

  // ---- codes to numbers

  static void look(byte[] codes, float[] table, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = table[codes[i] & (table.length - 1)];
    }
  }

  static void bf16(short[] codes, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.intBitsToFloat(codes[i] << 16);
    }
  }

  static void fp16(short[] codes, float[] to, int at, int count) {
    for (int i = at; i < at + count; i++) {
      to[i] = Float.float16ToFloat(codes[i]);
    }
  }

  /** Two codes per byte to one, the even one from the low half; may write one code more. */
  static void nibbles(byte[] from, byte[] to, int at, int count) {
    for (int i = 0; i < count; i += 2) {
      int pair = from[i >> 1];
      to[at + i] = (byte) (pair & 0xF);
      to[at + i + 1] = (byte) (pair >>> 4 & 0xF);
    }
  }

  // ---- packed panels to rows. The code of column k is at k / g * p * g + offset + k % g.

  static void orderBytes(
      byte[] from, int offset, int p, int g, int skip, byte[] to, int at, int count) {
    int group = offset;
    int column = skip;
    for (int i = 0; i < count; i++) {
      to[at + i] = from[group + column];
      if (++column == g) {
        column = 0;
        group += p * g;
      }
    }
  }

  static void orderNibbles(
      byte[] from, int offset, int p, int g, int skip, byte[] to, int at, int count) {
    int group = offset;
    int column = skip;
    for (int i = 0; i < count; i++) {
      int index = group + column;
      to[at + i] = (byte) (from[index >> 1] >>> ((index & 1) << 2) & 0xF);
      if (++column == g) {
        column = 0;
        group += p * g;
      }
    }
  }

  static void orderShorts(
      byte[] from, int offset, int p, int g, int skip, short[] to, int at, int count) {
    int group = offset;
    int column = skip;
    for (int i = 0; i < count; i++) {
      int index = (group + column) << 1;
      to[at + i] = (short) ((from[index] & 0xFF) | from[index + 1] << 8);
      if (++column == g) {
        column = 0;
        group += p * g;
      }
    }
  }

  static void orderFloats(
      byte[] from,
      int offset,
      int p,
      int g,
      int skip,
      ElementFormat format,
      float[] to,
      int at,
      int count) {
    boolean fp32 = format.equals(Formats.FP32);
    int group = offset;
    int column = skip;
    for (int i = 0; i < count; i++) {
      int index = (group + column) << 2;
      int code =
          (from[index] & 0xFF)
              | (from[index + 1] & 0xFF) << 8
              | (from[index + 2] & 0xFF) << 16
              | from[index + 3] << 24;
      to[at + i] = fp32 ? Float.intBitsToFloat(code) : format.decode(code);
      if (++column == g) {
        column = 0;
        group += p * g;
      }
    }
  }
}
