//! One definition of "the same address".
