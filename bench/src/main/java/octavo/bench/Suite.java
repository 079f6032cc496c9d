package octavo.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Everything that there is to measure, those with a figure in common next to each other. */
final class Suite {

  private static final String CUBE = "1024x1024x1024";
  private static final String TOKENS_128 = "128x4096x4096";
  private static final String TOKENS_512 = "512x4096x4096";
  private static final String NUMBERS = "4096x4096";

  private final Set<Subject> subjects = new LinkedHashSet<>();
  private final boolean quick;

  private Suite(boolean quick) {
    this.quick = quick;
  }

  /** {@return the subjects of a run} */
  static List<Subject> subjects(boolean quick) {
    Suite suite = new Suite(quick);
    suite.matmul(CUBE);
    suite.matmul(TOKENS_128);
    suite.threads();
    suite.gemv("1x4096x4096");
    if (!quick) {
      suite.gemv("1x14336x4096");
    }
    suite.skinny("4x4096x4096");
    if (!quick) {
      suite.skinny("16x4096x4096");
    }
    suite.sparse();
    suite.nki();
    suite.small();
    suite.conversions();
    suite.calls();
    suite.emptyCalls();
    suite.cold();
    return new ArrayList<>(suite.subjects);
  }

  private void add(String op, String shape, int threads, String formats, String... contenders) {
    for (String contender : contenders) {
      subjects.add(new Subject(op, shape, formats, contender, threads));
    }
  }

  private void matmul(String shape) {
    boolean cube = shape.equals(CUBE);
    add("matmul", shape, 1, "FP32*FP32", "vector", "ffm");
    add("matmul", shape, 1, "F32*F32", "OpenBLAS", "oneDNN", "ONNX Runtime");
    if (!quick) {
      add("matmul", shape, 1, "FP32*FP32", "jni");
      add("matmul", shape, 1, "F32*F32", "ggml", "Jlama Panama");
    }
    add("matmul", shape, 1, "E4M3FN*E4M3FN", "vector", "ffm");
    add("matmul", shape, 1, "U8*S8", "oneDNN");
    if (!quick || cube) {
      add("matmul", shape, 1, "BF16*BF16", "vector", "ffm");
      add("matmul", shape, 1, "F32*BF16", "ggml");
      add("matmul", shape, 1, "MXFP8_E4M3*MXFP8_E4M3", "vector", "ffm");
      add("matmul", shape, 1, "F32*Q8_0", "ggml");
    }
    if (!quick) {
      add("matmul", shape, 1, "F32*BF16", "Jlama Panama");
    }
    if (!quick || cube) {
      add("matmul", shape, 1, "MXFP4*MXFP4", "vector", "ffm");
    }
    add("matmul", shape, 1, "FP32>MXFP4*MXFP4", "vector+packed", "ffm+packed");
    if (!quick) {
      add("matmul", shape, 1, "FP32>MXFP4*MXFP4", "jni+packed");
      add("matmul", shape, 1, "NVFP4*NVFP4", "vector", "ffm");
      add("matmul", shape, 1, "FP32*MXFP4", "vector+packed", "ffm+packed");
    }
    add("matmul", shape, 1, "FP32>INT8_1X32*MXFP4", "vector+packed", "ffm+packed");
    add("matmul", shape, 1, "F32*MXFP4", "ggml repacked");
    add("matmul", shape, 1, "F32*INT4", "ONNX Runtime");
    if (!quick || cube) {
      add("matmul", shape, 1, "F32*MXFP4", "ggml");
      add("matmul", shape, 1, "F32>Q8*Q4", "Jlama native");
    }
    if (cube) {
      add("matmul", shape, 1, "F32*Q4", "Jlama Panama");
    }
  }

  private void threads() {
    for (int threads = 1; threads <= 2; threads++) {
      add("matmul", TOKENS_512, threads, "FP32*FP32", "vector", "ffm");
      add("matmul", TOKENS_512, threads, "FP32>MXFP4*MXFP4", "ffm+packed");
      if (!quick) {
        add("matmul", TOKENS_512, threads, "F32*F32", "OpenBLAS");
        add("matmul", TOKENS_512, threads, "E4M3FN*E4M3FN", "vector", "ffm");
        add("matmul", TOKENS_512, threads, "FP32>MXFP4*MXFP4", "vector+packed");
        add("matmul", TOKENS_512, threads, "F32*MXFP4", "ggml repacked");
        add("matmul", TOKENS_512, threads, "F32*INT4", "ONNX Runtime");
      }
    }
  }

  private void gemv(String shape) {
    add("gemv", shape, 1, "FP32*FP32", "vector+packed", "ffm+packed");
    add("gemv", shape, 1, "F32*F32", "OpenBLAS");
    if (!quick) {
      add("gemv", shape, 1, "F32*F32", "ggml");
    }
    add("gemv", shape, 1, "FP32*BF16", "vector+packed", "ffm+packed");
    add("gemv", shape, 1, "F32*BF16", "ggml");
    add("gemv", shape, 1, "FP32*E4M3FN", "vector+packed", "ffm+packed");
    if (!quick) {
      add("gemv", shape, 1, "FP32*MXFP8_E4M3", "vector+packed", "ffm+packed");
    }
    add("gemv", shape, 1, "F32*Q8_0", "ggml");
    add("gemv", shape, 1, "FP32*MXFP4", "vector+packed", "ffm+packed");
    add("gemv", shape, 1, "FP32>INT8_1X32*MXFP4", "vector+packed", "ffm+packed");
    if (!quick) {
      add("gemv", shape, 1, "FP32*NVFP4", "vector+packed", "ffm+packed");
    }
    add("gemv", shape, 1, "F32*MXFP4", "ggml", "ggml repacked");
    add("gemv", shape, 1, "F32*INT4", "ONNX Runtime");
    add("gemv", shape, 1, "F32*Q4", "Jlama Panama");
    add("gemv", shape, 1, "F32>Q8*Q4", "Jlama native");
  }

  private void skinny(String shape) {
    add("gemv", shape, 1, "FP32*E4M3FN", "vector+packed", "ffm+packed");
    add("gemv", shape, 1, "FP32>INT8_1X32*MXFP4", "vector+packed", "ffm+packed");
    add("gemv", shape, 1, "F32*MXFP4", "ggml repacked");
    if (!quick) {
      add("gemv", shape, 1, "F32*INT4", "ONNX Runtime");
      add("gemv", shape, 1, "FP32*BF16", "vector+packed", "ffm+packed");
      add("gemv", shape, 1, "FP32*MXFP4", "vector+packed", "ffm+packed");
      add("gemv", shape, 1, "F32*BF16", "ggml");
      add("gemv", shape, 1, "F32*Q8_0", "ggml");
      add("gemv", shape, 1, "F32*F32", "OpenBLAS");
    }
  }

  private void sparse() {
    add("matmul", CUBE, 1, "E4M3FN*E4M3FN", "vector+4:16", "vector+2:4");
    if (!quick) {
      add("matmul", TOKENS_512, 1, "E4M3FN*E4M3FN", "vector+4:16", "vector+2:4");
    }
  }

  private void nki() {
    add("matmul", CUBE, 1, "MXFP8_E4M3*MXFP8_E4M3", "vector+nki");
    if (!quick) {
      add("matmul", TOKENS_512, 1, "MXFP8_E4M3*MXFP8_E4M3", "vector", "vector+nki");
      add("matmul", TOKENS_512, 1, "MXFP4*MXFP8_E4M3", "vector", "vector+nki");
    }
    for (String op : quick ? List.of("pack") : List.of("pack", "unpack")) {
      add(op, NUMBERS, 1, "MXFP8_E4M3>MXFP8_E4M3", "nki");
      add(op, NUMBERS, 1, "MXFP4>MXFP4", "nki");
    }
  }

  private void small() {
    List<String> shapes =
        quick ? List.of("64x64x64") : List.of("64x64x64", "16x256x256", "1x256x256");
    for (String shape : shapes) {
      add("small", shape, 1, "FP32*FP32", "vector", "ffm", "jni");
      add("small", shape, 1, "F32*F32", "OpenBLAS");
      if (!quick) {
        add("small", shape, 1, "E4M3FN*E4M3FN", "vector", "ffm", "jni");
        add("small", shape, 1, "MXFP4*MXFP4", "vector", "ffm", "jni");
        add("small", shape, 1, "F32*MXFP4", "ggml");
      }
    }
  }

  private void conversions() {
    String[] both = {"vector", "ffm"};
    add("convert", NUMBERS, 1, "FP32>E4M3FN", both);
    add("convert", NUMBERS, 1, "FP32>E4M3FN", "oneDNN");
    add("convert", NUMBERS, 1, "FP32>E4M3FN~stochastic", both);
    add("convert", NUMBERS, 1, "FP32>E5M2", both);
    if (!quick) {
      add("convert", NUMBERS, 1, "FP32>E5M2", "oneDNN");
      add("convert", NUMBERS, 1, "FP32>E5M2~stochastic", both);
      add("convert", NUMBERS, 1, "FP32>E4M3", both);
      add("convert", NUMBERS, 1, "FP32>E3M4", both);
      add("convert", NUMBERS, 1, "FP32>FP16", both);
      add("convert", NUMBERS, 1, "FP32>FP16", "ggml");
      add("convert", NUMBERS, 1, "FP32>BF16~stochastic", both);
      add("convert", NUMBERS, 1, "E4M3FN>FP32", both);
      add("convert", "64x1024", 1, "FP32>E4M3FN", both);
    }
    add("convert", NUMBERS, 1, "FP32>BF16", both);
    add("convert", NUMBERS, 1, "FP32>BF16", "ggml");

    add("quantize", NUMBERS, 1, "FP32>MXFP4", both);
    add("quantize", NUMBERS, 1, "FP32>MXFP4", "ggml");
    add("quantize", NUMBERS, 1, "FP32>MXFP8_E4M3", both);
    add("quantize", NUMBERS, 1, "FP32>NVFP4", both);
    if (!quick) {
      add("quantize", NUMBERS, 1, "FP32>NVFP4", "ggml");
      add("quantize", NUMBERS, 1, "FP32>MXFP4~stochastic", both);
      add("quantize", NUMBERS, 1, "FP32>E4M3FN_ROW", both);
      add("quantize", NUMBERS, 1, "FP32>E4M3FN_1X128", both);
      add("quantize", NUMBERS, 1, "FP32>E4M3FN_128X128", both);
      add("quantize", NUMBERS, 1, "FP32>INT8_1X32", both);
      add("quantize", NUMBERS, 1, "FP32>Q8_0", "ggml");
      add("quantize", "64x1024", 1, "FP32>MXFP4", both);
    }

    add("dequantize", NUMBERS, 1, "MXFP4>FP32", both);
    add("dequantize", NUMBERS, 1, "MXFP4>FP32", "ggml");
    add("dequantize", NUMBERS, 1, "MXFP8_E4M3>FP32", both);
    if (!quick) {
      add("dequantize", NUMBERS, 1, "NVFP4>FP32", both);
      add("dequantize", NUMBERS, 1, "NVFP4>FP32", "ggml");
      add("dequantize", NUMBERS, 1, "E4M3FN_128X128>FP32", both);
      add("dequantize", NUMBERS, 1, "Q8_0>FP32", "ggml");
    }
  }

  private void calls() {
    add("call", "1x16", 1, "FP32>E4M3FN", "reference", "vector", "ffm", "jni");
  }

  private void emptyCalls() {
    for (String[] subject : CallWork.SUBJECTS) {
      add("call", CallWork.SHAPE, 1, subject[0], subject[1]);
    }
  }

  private void cold() {
    add("cold", "1x4096x4096", 1, "FP32*MXFP4", "vector", "ffm");
    if (!quick) {
      add("cold", "1x4096x4096", 1, "FP32*E4M3FN", "vector", "ffm");
    }
    add("cold", "1x4096x4096", 1, "F32*Q4", "Jlama Panama");
    if (!quick) {
      add("cold", "1x4096x4096", 1, "F32>Q8*Q4", "Jlama native");
    }
  }
}
