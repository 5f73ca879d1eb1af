//! Numbers that identify things: each a type of its own, so that one can't be used for another.

/// Defines the number of something: its position in the one list that it is used with.
macro_rules! id {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The one at that position. Lists here have fewer than 2³² items: each takes more than
            /// a byte of input.
            pub fn at(position: usize) -> Self {
                Self(position as u32)
            }

            /// The items of its list with their numbers.
            pub fn numbered<T>(list: &[T]) -> impl ExactSizeIterator<Item = (Self, &T)> {
                list.iter().enumerate().map(|(position, item)| (Self::at(position), item))
            }

            /// Its position.
            pub fn position(self) -> usize {
                self.0 as usize
            }
        }
    };
}

pub(crate) use id;
