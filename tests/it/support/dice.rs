//! Chance that repeats itself: the same seed throws the same.

/// A small generator (SplitMix64): good enough to mix cases, and the same on every machine.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed that `GUILDHALL_TEST_SEED` names, to see a failure again or to look further.
    pub fn seed_or(usual: u64) -> u64 {
        let wish = std::env::var("GUILDHALL_TEST_SEED").ok();
        wish.map_or(usual, |text| {
            text.parse().expect("GUILDHALL_TEST_SEED is a number")
        })
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from zero to below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("it fits");
        usize::try_from(self.throw() % end).expect("it fits")
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, of_hundred: usize) -> bool {
        self.below(100) < of_hundred
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// In so many of a hundred cases something.
    pub fn perhaps<T>(
        &mut self,
        of_hundred: usize,
        make: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        self.percent(of_hundred).then(|| make(self))
    }
}
