//! Brotli (RFC 7932), a bounded step at a time: 51 bytes can hold 64 MiB.

use brotli_decompressor::{
    BrotliDecoderParameter, BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc,
};

/// Decompresses one stream.
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    output: Vec<u8>,
    total: usize,
}

/// What one step came to.
pub(super) struct Step<'a> {
    /// How many bytes of the input it used.
    pub(super) consumed: usize,
    /// What it made of them, at most 64 KiB.
    pub(super) made: &'a [u8],
    pub(super) then: Then,
}

/// What is to come after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// More of what was made already: step again, be it without input.
    MoreOutput,
    /// All input is used up.
    MoreInput,
    /// The stream is at its end.
    End,
    /// This is no brotli.
    Damaged,
}

impl Brotli {
    pub(super) fn new() -> Brotli {
        const STEP: usize = 64 << 10;

        let alloc = StandardAlloc::default;
        let mut state = BrotliState::new(alloc(), alloc(), alloc());
        // Windows of a gigabyte are an extension that HTTP does not have.
        state.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
        Brotli {
            state,
            output: vec![0; STEP],
            total: 0,
        }
    }

    pub(super) fn step(&mut self, input: &[u8]) -> Step<'_> {
        let (mut available, mut consumed) = (input.len(), 0);
        let (mut free, mut made) = (self.output.len(), 0);
        let result = BrotliDecompressStream(
            &mut available,
            &mut consumed,
            input,
            &mut free,
            &mut made,
            &mut self.output,
            &mut self.total,
            &mut self.state,
        );
        Step {
            consumed,
            made: self.output.get(..made).unwrap_or_default(),
            then: match result {
                BrotliResult::NeedsMoreOutput => Then::MoreOutput,
                BrotliResult::NeedsMoreInput => Then::MoreInput,
                BrotliResult::ResultSuccess => Then::End,
                BrotliResult::ResultFailure => Then::Damaged,
            },
        }
    }
}
