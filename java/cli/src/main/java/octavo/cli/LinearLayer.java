package octavo.cli;

import octavo.tensor.Tensor;

/**
 * The weights of a linear layer of a model.
 *
 * @param name the name in the model's file
 * @param weight an FP32 matrix of consecutive rows, one for each output: N x K
 */
record LinearLayer(String name, Tensor weight) {}
