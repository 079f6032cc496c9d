/** The native kernels through JNI, with JavaCPP: backend {@code jni}. */
@NullMarked
package octavo.natives.jni;

import org.jspecify.annotations.NullMarked;
