package octavo.math;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Polynomials {@code sum c[j] * x^(from + j)} whose largest weighted error on an interval is least,
 * by Remez exchange on a fine grid of Chebyshev points.
 */
final class Minimax {

  private static final int POINTS = 2000;
  private static final int ROUNDS = 60;

  private final double[] x = new double[POINTS];
  private final double[] y = new double[POINTS];
  private final double[] weight = new double[POINTS];

  /**
   * Sets the problem.
   *
   * @param function what to approximate
   * @param weights what errors are multiplied by
   */
  Minimax(DoubleUnaryOperator function, DoubleUnaryOperator weights, double low, double high) {
    for (int i = 0; i < POINTS; i++) {
      double point = -StrictMath.cos(Math.PI * (i + 0.5) / POINTS);
      x[i] = (low + high) / 2 + (high - low) / 2 * point;
      y[i] = function.applyAsDouble(x[i]);
      weight[i] = weights.applyAsDouble(x[i]);
    }
  }

  /** {@return the largest weighted error of a polynomial's coefficients, from power 0 on} */
  double error(double... coefficients) {
    double largest = 0;
    for (double e : errors(coefficients)) {
      largest = Math.max(largest, Math.abs(e));
    }
    return largest;
  }

  /** {@return the coefficients of the best polynomial that begins with given ones} */
  double[] exact(double[] fixed, int terms) {
    int free = terms - fixed.length;
    int[] alternant = new int[free + 1];
    for (int i = 0; i <= free; i++) {
      double point = 0.5 - 0.5 * StrictMath.cos(Math.PI * i / free);
      alternant[i] = (int) Math.round((POINTS - 1) * point);
      if (i > 0 && alternant[i] <= alternant[i - 1]) {
        alternant[i] = alternant[i - 1] + 1;
      }
    }
    double[] best = Arrays.copyOf(fixed, terms);
    double least = Double.POSITIVE_INFINITY;
    double[] start = errors(fixed);
    for (int round = 0; round < ROUNDS; round++) {
      double[][] system = new double[free + 1][];
      for (int i = 0; i <= free; i++) {
        int at = alternant[i];
        double[] row = new double[free + 2];
        for (int j = 0; j < free; j++) {
          row[j] = StrictMath.pow(x[at], fixed.length + j) * weight[at];
        }
        row[free] = (i & 1) == 0 ? 1 : -1;
        row[free + 1] = start[at];
        system[i] = row;
      }
      double[] solution = solve(system);
      double[] c = Arrays.copyOf(fixed, terms);
      System.arraycopy(solution, 0, c, fixed.length, free);
      double error = error(c);
      if (error < least) {
        least = error;
        best = c;
      }
      double[] errors = errors(c);
      int[] next = extrema(errors, free + 1);
      if (next.length <= free || Arrays.equals(next, alternant)) {
        break;
      }
      if (error <= Math.abs(solution[free]) * 1.0001) {
        break; // as level as it gets
      }
      alternant = next;
    }
    return best;
  }

  private double[] errors(double[] c) {
    double[] errors = new double[POINTS];
    for (int i = 0; i < POINTS; i++) {
      double p = 0;
      for (int j = c.length - 1; j >= 0; j--) {
        p = p * x[i] + c[j];
      }
      errors[i] = (y[i] - p) * weight[i];
    }
    return errors;
  }

  /** The largest error of each run of one sign, the least of the outer ones dropped. */
  private static int[] extrema(double[] errors, int wanted) {
    List<Integer> found = new ArrayList<>();
    int best = 0;
    for (int i = 1; i <= errors.length; i++) {
      if (i == errors.length || errors[i] > 0 != errors[best] > 0) {
        found.add(best);
        best = i;
      } else if (Math.abs(errors[i]) > Math.abs(errors[best])) {
        best = i;
      }
    }
    while (found.size() > wanted) {
      double first = Math.abs(errors[found.getFirst()]);
      double last = Math.abs(errors[found.getLast()]);
      if (first < last) {
        found.removeFirst();
      } else {
        found.removeLast();
      }
    }
    return found.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Elimination with partial pivoting. */
  private static double[] solve(double[][] a) {
    int n = a.length;
    for (int i = 0; i < n; i++) {
      int pivot = i;
      for (int r = i + 1; r < n; r++) {
        pivot = Math.abs(a[r][i]) > Math.abs(a[pivot][i]) ? r : pivot;
      }
      double[] row = a[pivot];
      a[pivot] = a[i];
      a[i] = row;
      for (int r = i + 1; r < n; r++) {
        double factor = a[r][i] / row[i];
        for (int j = i; j <= n; j++) {
          a[r][j] -= factor * row[j];
        }
      }
    }
    double[] solution = new double[n];
    for (int i = n - 1; i >= 0; i--) {
      double sum = a[i][n];
      for (int j = i + 1; j < n; j++) {
        sum -= a[i][j] * solution[j];
      }
      solution[i] = sum / a[i][i];
    }
    return solution;
  }
}
