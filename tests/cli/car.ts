/** A database for the tests and examples of `can`. */
export const car = `VERSION ""

BU_: Engine

BO_ 291 EngineData: 8 Engine
 SG_ Speed : 0|16@1+ (0.1,0) [0|250] "km/h" Engine
 SG_ Gear : 16|8@1+ (1,0) [0|5] "" Engine
 SG_ Odometer : 24|32@1+ (1,0) [0|0] "m" Engine

VAL_ 291 Gear 0 "Park" 4 "Drive" ;
BA_DEF_ SG_ "GenSigStartValue" FLOAT 0 1000000;
BA_DEF_DEF_ "GenSigStartValue" 0;
`;
